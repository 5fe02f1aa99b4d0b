/**
 * Tests of the project's own shape, read from the compiled classes of all modules.
 *
 * <p>Models: the module order, the ban on JVM locks, package documentation and service declarations.
 */
@NullMarked
package dev.cowtable.suite.arch;

import org.jspecify.annotations.NullMarked;
