package dev.cowtable.suite.snapshot;

import org.jspecify.annotations.Nullable;

/** What one 4 kB page of a recorded VMA holds; the letters are those of the text format. */
public enum PageState {
    NONE('.'),
    ANON_SOLE('a'),
    ANON_SHARED('A'),
    FILE('f'),
    SWAPPED('w'),
    ZERO('z'),
    GUARD('g'),
    HUGE_ANON_SOLE('h'),
    HUGE_ANON_SHARED('H'),
    HUGE_FILE('F'),
    HUGE_ZERO('Z');

    private static final @Nullable PageState[] BY_CODE = new @Nullable PageState[128];

    static {
        for (PageState state : values()) {
            BY_CODE[state.code] = state;
        }
    }

    private final char code;

    PageState(char code) {
        this.code = code;
    }

    public char code() {
        return code;
    }

    /** Anonymous and present, by an entry of either level: what RssAnon counts. */
    public boolean isAnon() {
        return this == ANON_SOLE || this == ANON_SHARED || isHugeAnon();
    }

    /** Mapped by a PMD entry: no PTE table entry belongs to it. */
    public boolean isHuge() {
        return isHugeAnon() || this == HUGE_FILE || this == HUGE_ZERO;
    }

    /** Such a page exists only where the VMA has an anon_vma. */
    boolean needsAnonVma() {
        return isAnon() || this == SWAPPED || this == GUARD;
    }

    private boolean isHugeAnon() {
        return this == HUGE_ANON_SOLE || this == HUGE_ANON_SHARED;
    }

    /** The letter as the byte that stands for the state in arrays. */
    byte raw() {
        return (byte) code;
    }

    static PageState ofRaw(byte raw) {
        return ofCode((char) raw);
    }

    static PageState ofCode(char code) {
        PageState state = code < BY_CODE.length ? BY_CODE[code] : null;
        if (state != null) {
            return state;
        }
        throw new IllegalArgumentException("unknown page state '" + code + "'");
    }
}
