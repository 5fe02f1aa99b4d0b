package dev.cowtable.mm.spi;

/** Why a private PTE table is asked for; for reports only, no strategy decides by it. */
public enum BreakIntent {
    FAULT,
    UNMAP,
    MADVISE,
    MPROTECT,
    MREMAP,
    RMAP,
    OTHER
}
