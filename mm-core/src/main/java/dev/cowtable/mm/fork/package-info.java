/**
 * Fork, as far as it is the same for all designs, and the pieces of page-table copying that designs are built from.
 *
 * <h2>Models</h2> dup_mmap(), vma_needs_copy(), copy_page_range() and copy_pte_range() with the early copy of maybe-pinned pages
 * and the batches of consecutive pages of one large anonymous folio.
 * <h2>Leaves out</h2> userfaultfd, hugetlb, large folios of the page cache; signals do not interrupt a fork.
 * <h2>Lock rules</h2> both mmap_locks for writing; each VMA write-locked before it is read; child's ptl before parent's ptl.
 * <h2>Flush rules</h2> the parent's CPUs once per fork, before mmap_lock is dropped, if any right was taken away.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.fork.DupMmap}; for strategies {@link dev.cowtable.mm.fork.CopyPageRange},
 * {@link dev.cowtable.mm.fork.CopyPteRange}, {@link dev.cowtable.mm.fork.EntryDup}.
 */
@NullMarked
package dev.cowtable.mm.fork;

import org.jspecify.annotations.NullMarked;
