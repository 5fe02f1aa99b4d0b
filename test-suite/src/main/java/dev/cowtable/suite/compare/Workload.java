package dev.cowtable.suite.compare;

/** What a process and its children do around fork; the same for the same seed. */
public interface Workload {
    /** The name under which it is chosen. */
    String name();

    /** The fraction of the writable pages that is written unless another is asked for; NaN if it takes none. */
    default double defaultWriteFraction() {
        return Double.NaN;
    }

    /** True if the number of writes can be chosen as a fraction of the writable pages. */
    default boolean takesWriteFraction() {
        return !Double.isNaN(defaultWriteFraction());
    }

    /** Plays it. Children that live at the end are checked and ended by the caller. */
    void run(Stage stage);
}
