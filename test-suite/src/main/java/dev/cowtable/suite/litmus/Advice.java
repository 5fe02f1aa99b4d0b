package dev.cowtable.suite.litmus;

import java.util.Locale;

/** The advice words of madvise and process_madvise. */
public enum Advice {
    DONTNEED, DONTNEED_LOCKED, FREE, WIPEONFORK, KEEPONFORK, DONTFORK, DOFORK, PAGEOUT, COLD, POPULATE_WRITE,
    POPULATE_READ, HUGEPAGE, NOHUGEPAGE, COLLAPSE, GUARD_INSTALL, GUARD_REMOVE, MERGEABLE, UNMERGEABLE, WILLNEED,
    RANDOM, NORMAL;

    /** The word as a litmus file spells it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
