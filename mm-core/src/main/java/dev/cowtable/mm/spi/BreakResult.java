package dev.cowtable.mm.spi;

/** What the break hook answers. */
public enum BreakResult {
    /** The tables were private at some moment; look again under the lock. */
    OK,
    /** A copy was needed and there was no memory; nothing was changed that the caller could see. */
    NOMEM
}
