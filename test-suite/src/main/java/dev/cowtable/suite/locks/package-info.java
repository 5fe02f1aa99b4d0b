/**
 * How long the locks of page tables are held and waited for under each design, and what is sent under them.
 *
 * <h2>Models</h2> a parent and children that share what fork left shared, each thread on a CPU of its own; they write, read, fork and
 * exit at once, and on request another CPU reclaims their pages.
 * <h2>Leaves out</h2> time: all is counted in steps of the emulated kernel, and every CPU goes at the same pace.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.locks.LockComparison}.
 */
@NullMarked
package dev.cowtable.suite.locks;

import org.jspecify.annotations.NullMarked;
