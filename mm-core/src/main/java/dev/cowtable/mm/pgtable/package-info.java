/**
 * Page tables in emulated physical memory: entry formats, descriptors, finding, making, locking and freeing.
 *
 * <h2>Models</h2> pte_t and swp_entry_t of x86-64, struct ptdesc, split page-table locks, free_pgtables(), PT_RECLAIM; and, beyond Linux,
 * a share count and the set of sharers of a PTE table.
 * <h2>Leaves out</h2> five levels, pmd_bad() as a reason to clear an entry (a write-protected PMD entry is never bad here).
 * <h2>Lock rules</h2> entries above the PMD table: page_table_lock; PMD entries: lock of the PMD table; PTEs and the sharing state: lock of the
 * PTE table. Replacing a PMD entry: pmd lock and ptl. A table is locked by {@code lockTable} to look and by {@code lockPrivate} to change.
 * <h2>Flush rules</h2> an unlinked table is freed only after a flush that reaches the paging-structure caches; the gather does it.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.pgtable.PageTables},
 * {@link dev.cowtable.mm.pgtable.FreePgtables}.
 */
@NullMarked
package dev.cowtable.mm.pgtable;

import org.jspecify.annotations.NullMarked;
