/**
 * Real programs as a measure for emulated ones.
 *
 * <h2>Leaves out</h2> the emulator: nothing here knows it.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.bench.NativeProgram}.
 */
@NullMarked
package dev.cowtable.suite.bench;

import org.jspecify.annotations.NullMarked;
