package dev.cowtable.suite.hardware;

/**
 * One row of a test's table.
 *
 * @param text the registers in order, then what was looked up at the end, such as {@code 1, #PF, D=1}
 * @param reason the rule that allows or forbids it
 */
public record Outcome(String text, Expectation expectation, Seen seen, String reason) {
}
