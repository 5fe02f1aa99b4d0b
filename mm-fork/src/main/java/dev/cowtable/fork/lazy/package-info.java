/**
 * What designs have in common that share PTE tables without preparing their entries.
 *
 * <p>A shared table holds one set of references, whoever shares it; at most one sharer, its owner, counts its pages in RSS and the table in
 * VmPTE. The work that fork saves, a reference, a mapping and a cleared AnonExclusive for each page, is done by the break.
 *
 * <h2>Lock rules</h2> allocate with nothing held; then pmd lock of the mm (at fork the child's, then the parent's), then ptl of the table. Owner,
 * share count and sharers of a table change only under its ptl.
 * <h2>Flush rules</h2> fork: the parent once. Break and detach: own mm, with paging-structure caches, before the share is dropped.
 */
@NullMarked
package dev.cowtable.fork.lazy;

import org.jspecify.annotations.NullMarked;
