package dev.cowtable.suite.hardware;

/** What the manuals say about an outcome. */
public enum Expectation {
    ACCEPTABLE,
    /** Allowed, and a surprise to whoever thinks of memory and translation as one step. */
    ACCEPTABLE_INTERESTING,
    FORBIDDEN
}
