/**
 * The page walk and the paging unit that joins it with the caches.
 *
 * <p><b>Models:</b> SDM volume 3, 4.5 (walk), 4.6 (access rights), 4.7 (page faults), 4.8 (accessed and dirty flags).
 * <p><b>Leaves out:</b> LA57, SMEP, SMAP, protection keys, PCIDs; MAXPHYADDR is 52, so no high address bit is
 * reserved, and CR4.PGE is 1. Bit 8 of a PML4E is ignored, as on Intel.
 * <p><b>Lock rules:</b> none; A and D are set by compare-and-exchange, and a walk whose entry changed starts again.
 * <p><b>Flush rules:</b> a page fault drops what was cached for its address; results that are not present or have a
 * reserved bit set are never cached.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.walk.PagingUnit}.
 */
@NullMarked
package dev.cowtable.mmu.walk;

import org.jspecify.annotations.NullMarked;
