package dev.cowtable.suite.locks;

/** What a CPU does while it takes locks. */
public enum LockCause {
    FORK("fork"),
    /** Breaks of tables by it included. */
    WRITE("write"),
    /** Pages that are read in from swap included. */
    READ("read"),
    EXIT("exit"),
    RECLAIM("reclaim");

    private final String word;

    LockCause(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
