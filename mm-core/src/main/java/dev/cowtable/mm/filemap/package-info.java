/**
 * The page cache: what shared memory holds, who maps it, and how it goes to swap and comes back.
 *
 * <h2>Models</h2> address_space with i_pages (pages and swap entries), i_mmap and the references of VMAs; shared
 * anonymous memory (mm/shmem.c): pages made on first use, dropped while clean, written to swap slots with the count
 * SWAP_MAP_SHMEM, brought back through the swap cache or past it, all freed with the last holder.
 * <h2>Leaves out</h2> files with names and contents, truncation, hole punching, quotas, large folios, read-ahead; an
 * opaque address space stands for a file of a recorded process.
 * <h2>Lock rules</h2> i_mmap_rwsem outside of page-table locks; the folio lock while a page enters, leaves or is being
 * mapped; i_pages innermost. Slots are read without a lock: take a reference, look again.
 * <h2>Flush rules</h2> none: a page leaves the cache when nothing maps it.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.filemap.Shmem}, {@link dev.cowtable.mm.filemap.ShmemSwap},
 * {@link dev.cowtable.mm.filemap.AddressSpace}.
 */
@NullMarked
package dev.cowtable.mm.filemap;

import org.jspecify.annotations.NullMarked;
