/**
 * The relaxed design: account at fork as classic does, then share the prepared PTE table copy-on-write.
 *
 * <h2>Models</h2> the form that the maintainers proposed in the 2022 thread and that v3 to v5 of the series built, with the holes of v5 closed:
 * two phases under one hold of the table's lock, flush before the share is dropped, detach without allocation, fall back by content.
 * <h2>Leaves out</h2> the options {@code rmap=inplace} and {@code pmd=marked}; tables with userfaultfd or shared-writable entries are never shared.
 * <h2>Lock rules</h2> allocate with nothing held; then pmd lock of the mm (at fork the child's, then the parent's), then ptl of the table. State,
 * share count and sharers of a table change only under its ptl.
 * <h2>Flush rules</h2> fork: the parent once, not for tables that were shared already. Break: own mm, with paging-structure caches, before the
 * share is dropped. Detach: by the gather, before anything is un-counted. Re-own: none.
 */
@NullMarked
package dev.cowtable.fork.relaxed;

import org.jspecify.annotations.NullMarked;
