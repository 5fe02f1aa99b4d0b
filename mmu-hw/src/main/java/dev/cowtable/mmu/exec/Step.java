package dev.cowtable.mmu.exec;

/** What a CPU is about to do at a scheduling point. */
public enum Step {
    READ,
    WRITE,
    READ_MODIFY_WRITE,
    FENCE,
    LOCK,
    UNLOCK,
    COUNT,
    IPI,
    USER_ACCESS,
    FLUSH,
    OTHER
}
