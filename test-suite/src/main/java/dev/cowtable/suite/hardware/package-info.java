/**
 * Litmus tests of the emulated paging unit: small programs for a few CPUs, and a table of what they may observe.
 *
 * <p><b>Models:</b> SDM volume 3, 4.8 (accessed and dirty flags), 4.10 (caching, invalidation, propagation to other
 * CPUs), 8.2 (memory order); every interleaving of the CPUs' steps, of the stores that leave a buffer, of interrupts
 * that arrive and of speculative walks.
 * <p><b>Leaves out:</b> real threads: a test that would need more interleavings than the bound is finished by random
 * ones, and the report says so.
 * <p><b>Lock rules:</b> those of {@link dev.cowtable.suite.explore}: who has the baton runs alone.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.hardware.HardwareTest},
 * {@link dev.cowtable.suite.hardware.HardwareRunner}, {@link dev.cowtable.suite.hardware.catalogue.HardwareTests}.
 */
@NullMarked
package dev.cowtable.suite.hardware;

import org.jspecify.annotations.NullMarked;
