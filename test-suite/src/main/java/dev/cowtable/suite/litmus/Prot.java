package dev.cowtable.suite.litmus;

import java.util.Locale;

/** Protections of mmap and mprotect. */
public enum Prot {
    NONE, R, RW, RWX;

    /** The word as a litmus file spells it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether loads are allowed. */
    public boolean readable() {
        return this != NONE;
    }

    /** Whether stores are allowed. */
    public boolean writable() {
        return this == RW || this == RWX;
    }

    /** Whether instruction fetches are allowed. */
    public boolean executable() {
        return this == RWX;
    }
}
