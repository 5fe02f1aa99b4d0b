/**
 * Reverse mapping: from a page to those who map it.
 *
 * <h2>Models</h2> anon_vma and anon_vma_chain with clone at fork, the reuse rule, the family's root lock; mapcount and AnonExclusive with the order
 * of steps that GUP-fast relies on; page_vma_mapped_walk(), try_to_unmap(), folio_referenced(); the mlock that goes with a mapping.
 * <h2>Leaves out</h2> KSM; walks to the pages of a large folio, which nobody isolates; the interval tree is a list.
 * <h2>Lock rules</h2> root rwsem of the family, or i_mmap_rwsem of the file, inside mmap_lock and the VMA lock and outside all page-table locks.
 * <h2>Flush rules</h2> an entry that is replaced is cleared and flushed under ptl, on the CPUs of all who use it, before its page is un-counted.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.rmap.Rmap}, {@link dev.cowtable.mm.rmap.TryToUnmap},
 * {@link dev.cowtable.mm.rmap.FolioReferenced}, {@link dev.cowtable.mm.rmap.PageVmaWalk}.
 */
@NullMarked
package dev.cowtable.mm.rmap;

import org.jspecify.annotations.NullMarked;
