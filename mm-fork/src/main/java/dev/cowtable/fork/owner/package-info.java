/**
 * The owner design, RFC v1 and v2 of the series: a runnable counter-example.
 *
 * <h2>Models</h2> lazy accounting, ownership by PMD slot with RSS and VmPTE moving along, break by copy, reuse by owner and others,
 * COW_PTE_OWN_EXCLUSIVE set by a GUP flavour of its own.
 *
 * <h2>Known defects</h2> Each is shown by a scenario of {@code litmus/owner}; most with {@code series=posted}, as {@code guarded} refuses or
 * repairs what gives wrong bytes.
 *
 * <pre>
 * defect                                         reviewer's objection                                   scenario
 * counts say 1 while two processes map a page    Hildenbrand: no refcount, mapcount, exclusive update   counts-while-shared
 * RSS and VmPTE of a child that reads are 0      (author's note: bad RSS counter after several forks)   counts-while-shared
 * a read-only reference does not stop reuse      Hildenbrand: trouble even for R/O pins                 ro-reference
 * a pinned page is shared by fork                Hildenbrand: skipping copy_present_page is a problem   pin-before-fork
 * a look at a shared table stops its break       Hildenbrand: marking tables from GUP is racy           mark-while-shared
 * the mark stays behind when mremap moves a page (found here)                                           pin-moved
 * two threads clear the owner                    Amit: no atomicity visible                             the race owner-twice
 * zap of a part drops 2 MiB                      Amit: accounting apart from the operation is fragile   partial-zap, partial-discard
 * rmap drops 2 MiB                               Hildenbrand: "swap not handled" is scary               rmap-dereference
 * a third VMA is broken by its neighbour's rules (dossier 1.7 b)                                        third-vma
 * DONTCOPY, WIPEONFORK memory reaches the child  (dossier 4.4)                                          wipeonfork, dontfork
 * no flush after the PMD entry changed           Amit: where is the flush?                              missing-flush
 * </pre>
 *
 * <h2>Lock rules</h2> those of {@code dev.cowtable.fork.lazy}.
 * <h2>Flush rules</h2> as there; {@code series=posted} does not flush at the break.
 * <h2>Entry points</h2> {@link dev.cowtable.fork.owner.OwnerForkProvider}.
 */
@NullMarked
package dev.cowtable.fork.owner;

import org.jspecify.annotations.NullMarked;
