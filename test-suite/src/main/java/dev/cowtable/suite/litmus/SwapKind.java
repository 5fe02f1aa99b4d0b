package dev.cowtable.suite.litmus;

import java.util.Locale;

/** What the swap space of a scenario is. */
public enum SwapKind {
    /** A swap file: written back asynchronously, pages stay in the swap cache. */
    FILE,
    /** A compressed RAM disk: synchronous, frames are freed at once. */
    ZRAM;

    /** The word as a litmus file spells it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
