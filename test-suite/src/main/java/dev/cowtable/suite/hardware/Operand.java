package dev.cowtable.suite.hardware;

/** What the instruction at hand does to user memory. */
enum Operand {
    NONE,
    LOADED,
    STORED,
    /** A locked access, which the store buffer does not hold back. */
    EXCHANGED,
    /** An instruction that other CPUs carry out too. */
    BROADCAST
}
