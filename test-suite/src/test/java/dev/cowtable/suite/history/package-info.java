/**
 * Bugs that Linux had, planted again in a copy of the sources one at a time, each with what shows it; and, the same way, what a port to C
 * could forget of write-protected PMD entries.
 *
 * <h2>Models</h2> the catalogue's bugs of anonymous memory: {@link dev.cowtable.suite.history.HistoricalBugs}; every look at a PMD entry on the way to a
 * PTE table: {@link dev.cowtable.suite.history.BadPmdPlaces}.
 * <h2>Leaves out</h2> bugs of files, userfaultfd, KSM and huge pages, which the laboratory does not have.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.history.HistoricalBugsTest}, {@link dev.cowtable.suite.history.BadPmdTest}.
 */
@NullMarked
package dev.cowtable.suite.history;

import org.jspecify.annotations.NullMarked;
