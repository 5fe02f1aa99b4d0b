package dev.cowtable.mm.vma;

/** The kinds of pages that an mm counts: MM_FILEPAGES and so on. */
public enum Rss {
    FILEPAGES,
    ANONPAGES,
    SWAPENTS,
    SHMEMPAGES
}
