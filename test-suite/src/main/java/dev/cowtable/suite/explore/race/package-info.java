/**
 * The races that ship: small scenarios in which fork, faults, GUP and unmapping meet on two or three CPUs.
 *
 * <p><b>Models:</b> scenarios 5, 46-48, 50 and 51 of the dossier; fork against GUP-fast and the order of
 * wp_page_copy() of the classic kernel.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.explore.race.Races}.
 */
@NullMarked
package dev.cowtable.suite.explore.race;

import org.jspecify.annotations.NullMarked;
