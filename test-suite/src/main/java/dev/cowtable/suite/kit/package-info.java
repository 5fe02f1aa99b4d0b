/**
 * The compatibility kit: everything that the shipped designs are tested with, run over anybody's design.
 *
 * <p><b>Models:</b> what a design claims: that all prints as under Linux, or only that every read has the right bytes. What it refuses is
 * counted, not blamed.
 * <p><b>Leaves out:</b> scenarios that show a design of this repository going wrong; they stay with that design.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.kit.DesignKit} for JUnit, {@link dev.cowtable.suite.kit.Kit#run} without it,
 * {@link dev.cowtable.suite.kit.DesignMatrix} for several designs beside each other.
 */
@NullMarked
package dev.cowtable.suite.kit;

import org.jspecify.annotations.NullMarked;
