/**
 * NUMA hints: entries made inaccessible to learn who uses a page.
 *
 * <h2>Models</h2> change_prot_numa() and its rules which pages are left out; the fault that restores the entry is
 * {@code dev.cowtable.mm.fault}'s.
 * <h2>Leaves out</h2> nodes: no page is moved by a hint.
 * <h2>Lock rules</h2> mmap_lock for reading, ptl inside. Shared tables are skipped.
 * <h2>Flush rules</h2> the range once, before the lock is dropped.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.numa.NumaHints}.
 */
@NullMarked
package dev.cowtable.mm.numa;

import org.jspecify.annotations.NullMarked;
