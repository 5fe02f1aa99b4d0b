/**
 * Reverse mapping of anonymous pages.
 *
 * <h2>Models</h2> anon_vma and anon_vma_chain with clone at fork, the reuse rule, the family's root lock; mapcount and AnonExclusive.
 * <h2>Leaves out</h2> file rmap, KSM, mlock; the interval tree is a list.
 * <h2>Lock rules</h2> root rwsem of the family, inside mmap_lock and the VMA lock and outside all page-table locks.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.rmap.Rmap}.
 */
@NullMarked
package dev.cowtable.mm.rmap;

import org.jspecify.annotations.NullMarked;
