package dev.cowtable.mm.vma;

/** Advice of madvise() that this kernel takes. */
public enum Advice {
    DONTNEED,
    DONTFORK,
    DOFORK,
    WIPEONFORK,
    KEEPONFORK;

    boolean changesFlags() {
        return this != DONTNEED;
    }
}
