/**
 * The plug-in points: what a fork design and a GUP flavour implement, and how a design is named and found.
 *
 * <h2>Models</h2> copy_page_range(), the break hook and the detach hook of shared PTE tables, get_user_pages(); what a
 * design counts and what it refuses.
 * <h2>Lock rules</h2> stated at each method; a strategy takes pmd lock and ptl itself.
 * <h2>Flush rules</h2> stated at each method; a strategy settles a break's debt itself, before it drops its share.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.spi.ForkStrategy}, {@link dev.cowtable.mm.spi.GupStrategy},
 * {@link dev.cowtable.mm.spi.Design}.
 */
@NullMarked
package dev.cowtable.mm.spi;

import org.jspecify.annotations.NullMarked;
