/**
 * The command {@code cowtable}: one class a subcommand, found by picocli.
 *
 * <h2>Models</h2> exit codes 0 ok, 1 a check failed, 2 bad input or usage; errors on standard error as
 * {@code cowtable: ...}, naming file and line; a user's mistake never shows a stack trace.
 * <h2>Leaves out</h2> all work: a subcommand reads its arguments, calls the laboratory and prints.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.cli.Cowtable#run}.
 */
@NullMarked
package dev.cowtable.suite.cli;

import org.jspecify.annotations.NullMarked;
