/**
 * The classic design: what Linux does, and what every other design is compared with.
 *
 * <h2>Models</h2> copy_page_range() with the early copy of maybe-pinned pages.
 * <h2>Lock rules</h2> those of {@link dev.cowtable.mm.fork}.
 * <h2>Flush rules</h2> the parent once per fork. No table is shared, so nothing is broken or detached.
 */
@NullMarked
package dev.cowtable.fork.classic;

import org.jspecify.annotations.NullMarked;
