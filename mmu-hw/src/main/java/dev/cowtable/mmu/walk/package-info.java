/**
 * The page walk and the paging unit that joins it with the caches.
 *
 * <p><b>Models:</b> SDM volume 3, 4.5 (walk), 4.6 (access rights), 4.7 (page faults), 4.8 (accessed and dirty flags).
 * <p><b>Leaves out:</b> shadow stacks, HLAT, nested paging, LAM; EFER.TCE. The CPU never leaves 64-bit mode.
 * <p><b>Lock rules:</b> none; A and D are set by compare-and-exchange, and a walk whose entry changed starts again.
 * <p><b>Flush rules:</b> a page fault drops what was cached for its address; results that are not present or have a
 * reserved bit set are never cached.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.walk.PagingUnit}.
 */
@NullMarked
package dev.cowtable.mmu.walk;

import org.jspecify.annotations.NullMarked;
