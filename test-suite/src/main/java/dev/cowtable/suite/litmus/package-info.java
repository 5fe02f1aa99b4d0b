/**
 * The litmus language: model, parser, printed form and comparison of memory-management stories.
 *
 * <p><b>Models:</b> the text format of a scenario and the format in which its run is printed: an operation a line,
 * page observations, VMA and smaps lines. A parsed {@link dev.cowtable.suite.litmus.Scenario} is fully checked, so that
 * nothing of a bad file is ever run.
 *
 * <p><b>Leaves out:</b> the running of operations; nothing here knows an emulated kernel.
 *
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.litmus.LitmusParser#parse},
 * {@link dev.cowtable.suite.litmus.Transcript}, {@link dev.cowtable.suite.litmus.LitmusChecker#check}.
 */
@NullMarked
package dev.cowtable.suite.litmus;

import org.jspecify.annotations.NullMarked;
