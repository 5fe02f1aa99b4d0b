package dev.cowtable.mmu.exec;

/** What a CPU can be blocked on; {@code isReady} may be asked by any thread and changes nothing. */
public interface Waitable {
    boolean isReady();

    /** A noun phrase for "blocked on ...". */
    String describe();
}
