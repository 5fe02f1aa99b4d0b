/**
 * The relaxed design: account at fork as classic does, then share the prepared PTE table copy-on-write.
 *
 * <h2>Models</h2> the form that the maintainers proposed in the 2022 thread and that v3 to v5 of the series built, with the holes of v5 closed:
 * two phases under one hold of the table's lock, flush before the share is dropped, detach without allocation, fall back by content. What the
 * thread left open is an option with both answers ({@link dev.cowtable.fork.relaxed.RelaxedOptions}).
 * <h2>Leaves out</h2> tables with userfaultfd or shared-writable entries are never shared.
 * <h2>Lock rules</h2> allocate with nothing held; then pmd lock of the mm (at fork the child's, then the parent's), then ptl of the table. State,
 * share count and sharers of a table change only under its ptl; so do entries, and while R is above 1 only for all sharers at once.
 * <h2>Flush rules</h2> fork: the parent once, not for tables that were shared already. Break: own mm, with paging-structure caches, before the
 * share is dropped. Detach: by the gather, before anything is un-counted. Re-own: none. Edit in place: every sharer, under ptl.
 *
 * <h2>Write-protected PMD entries in Linux</h2> {@code pmd=protected} makes entries that x86's pmd_bad() takes for bad, as it wants R/W in an entry
 * that points at a table. A port has to teach these functions (6.12) that such an entry is a table; the fourth column says what happens
 * if it is forgotten. Here {@link dev.cowtable.mm.pgtable.PageTables#isTable} is the one place. With {@code pmd=marked} there is nothing to do.
 * Every one that has a counterpart here is made to forget in turn, with what is seen then, in test-suite/docs/pmd-bad.md.
 *
 * <pre>
 *  function                            asks by                   reached from                                    forgotten
 *  __pte_offset_map                    pmd_bad, pmd_clear_bad    pte_offset_map(_lock, _ro_nolock, _rw_nolock):  the entry is cleared:
 *                                                                every function of the second list               2 MiB lost, R never falls
 *  copy_pmd_range                      pmd_none_or_clear_bad     fork of a process that shares tables            cleared in the parent
 *  free_pmd_range                      pmd_none_or_clear_bad     munmap, exit: not here, as the table was        table leaked
 *                                                                detached or broken when its entries went
 *  apply_to_pmd_range                  pmd_bad, pmd_clear_bad    apply_to_page_range of drivers                  warned; skipped, or cleared
 *  find_pmd_or_thp_or_none             pmd_bad                   khugepaged, MADV_COLLAPSE                       SCAN_PMD_NULL: never collapsed
 *  hmm_vma_walk_pmd                    pmd_bad                   hmm_range_fault                                 -EFAULT, HMM_PFN_ERROR
 *  mfill_atomic                        pmd_bad                   UFFDIO_COPY, ZEROPAGE, CONTINUE, POISON         -EFAULT
 *  __page_table_check_pte_clear_range  pmd_bad                   retract_page_tables, collapse                   counts of the checker left
 *
 *  not affected: vmap_pmd_range, vunmap_pmd_range, vmalloc_to_page (kernel tables); gup_fast_pmd_range asks pmd_present only,
 *  gup_fast_pte_range is in the second list: it maps a copy of the entry, so that nothing is lost, and never takes a page
 * </pre>
 *
 * Through __pte_offset_map, by file: memory.c: handle_pte_fault, do_anonymous_page, alloc_anon_folio, do_fault, finish_fault, do_swap_page,
 * alloc_swap_folio, do_numa_page, wp_page_copy, __wp_page_copy_user, finish_mkwrite_fault, remove_device_exclusive_entry, pte_marker_clear,
 * copy_pte_range, zap_pte_range, __get_locked_pte, insert_pages, remap_pte_range, apply_to_pte_range, follow_pfnmap_start; gup.c:
 * follow_page_pte, gup_fast_pte_range; page_vma_mapped.c: map_pte, and with it all of rmap; mprotect.c: change_pte_range; mremap.c: move_ptes;
 * madvise.c: madvise_cold_or_pageout_pte_range, madvise_free_pte_range, swapin_walk_pmd_entry; mlock.c: mlock_pte_range; mincore.c:
 * mincore_pte_range; swapfile.c: unuse_pte, unuse_pte_range; swap_state.c: swap_vma_readahead; migrate.c: migration_entry_wait;
 * migrate_device.c: migrate_vma_collect_pmd, migrate_vma_insert_page; mempolicy.c: queue_folios_pte_range; vmscan.c: walk_pte_range; filemap.c:
 * filemap_map_pages, filemap_fault_recheck_pte_none; khugepaged.c: hpage_collapse_scan_pmd, __collapse_huge_page_swapin, collapse_huge_page,
 * collapse_pte_mapped_thp; ksm.c: ksm_next_page_pmd_entry, replace_page; memory-failure.c: hwpoison_pte_range, dev_pagemap_mapping_shift;
 * userfaultfd.c: mfill_atomic_pte_*, mfill_atomic_install_pte, move_pages_pte; hmm.c: hmm_vma_walk_pmd; pagewalk.c: walk_pte_range,
 * folio_walk_start; memcontrol-v1.c: mem_cgroup_count_precharge_pte_range, mem_cgroup_move_charge_pte_range; damon/vaddr.c: damon_mkold_pmd_entry,
 * damon_young_pmd_entry; fs/proc/task_mmu.c: smaps_pte_range, clear_refs_pte_range, pagemap_pmd_range, pagemap_scan_pmd_entry,
 * gather_pte_stats; later pt_reclaim.c: try_to_free_pte (6.14).
 */
@NullMarked
package dev.cowtable.fork.relaxed;

import org.jspecify.annotations.NullMarked;
