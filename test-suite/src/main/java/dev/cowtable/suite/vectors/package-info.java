/**
 * MMU test vectors: their language, a generator of shapes, oracles that give the outcome, and the comparison.
 *
 * <p><b>Models:</b> one access of one CPU through one page-table path, and what comes of it, as text that real CPUs and
 * emulators can be asked for and compared by. A vector's entries live nowhere: each oracle places them in its memory.
 *
 * <p><b>Leaves out:</b> whatever needs two accesses: TLBs, paging-structure caches, invalidation.
 *
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.vectors.VectorReader},
 * {@link dev.cowtable.suite.vectors.VectorFormat}, {@link dev.cowtable.suite.vectors.VectorGenerator},
 * {@link dev.cowtable.suite.vectors.EmulatorOracle}, {@link dev.cowtable.suite.vectors.VectorChecker}.
 */
@NullMarked
package dev.cowtable.suite.vectors;

import org.jspecify.annotations.NullMarked;
