package dev.cowtable.suite.oracle;

/** How a scenario went on a kernel. */
public sealed interface KernelRun {
    /**
     * It ran to its end.
     *
     * @param text what was observed, in the form of an emulator's transcript
     */
    record Observed(String text) implements KernelRun {}

    /**
     * The machine lacks something that the scenario needs.
     *
     * @param reason one line
     */
    record Skipped(String reason) implements KernelRun {}

    /**
     * It was ended on the way; nothing can be said about it.
     *
     * @param reason one line
     */
    record Failed(String reason) implements KernelRun {}
}
