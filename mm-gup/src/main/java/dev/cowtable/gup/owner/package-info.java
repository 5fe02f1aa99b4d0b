/**
 * get_user_pages for designs that share tables without preparing them: a table whose page was given away is marked and not shared any more.
 *
 * <h2>Models</h2> COW_PTE_OWN_EXCLUSIVE of RFC v2, set in the slow and in the lockless walk. {@code owner} breaks a shared table before it
 * gives a page of it away; {@code owner-posted} marks it as the series did.
 * <h2>Leaves out</h2> the mark does not move with entries that mremap moves to another table: {@code owner} looks for pinned pages at fork.
 * <h2>Lock rules</h2> slow: the mark is set under ptl. Fast: without a lock; then sharing is looked for.
 * <h2>Entry points</h2> {@link dev.cowtable.gup.owner.OwnerGupProvider}, {@link dev.cowtable.gup.owner.PostedGupProvider}.
 */
@NullMarked
package dev.cowtable.gup.owner;

import org.jspecify.annotations.NullMarked;
