package dev.cowtable.mm.vma;

import dev.cowtable.mm.spi.Operation;
import org.jspecify.annotations.Nullable;

/** Advice of madvise() that this kernel knows. */
public enum Advice {
    NORMAL,
    RANDOM,
    SEQUENTIAL,
    WILLNEED,
    DONTNEED,
    FREE,
    DONTFORK,
    DOFORK,
    MERGEABLE,
    UNMERGEABLE,
    HUGEPAGE,
    NOHUGEPAGE,
    WIPEONFORK,
    KEEPONFORK,
    COLD,
    PAGEOUT,
    POPULATE_READ,
    POPULATE_WRITE,
    DONTNEED_LOCKED,
    COLLAPSE,
    GUARD_INSTALL,
    GUARD_REMOVE;

    /** The lock under which advice is carried out: get_lock_mode(). */
    enum Lock {
        /** The VMA's lock for reading if the range lies in one VMA, else mmap_lock for reading. */
        VMA_READ,
        MMAP_READ,
        MMAP_WRITE
    }

    Lock lock() {
        return switch (this) {
            case DONTNEED, DONTNEED_LOCKED, FREE -> Lock.VMA_READ;
            case WILLNEED, COLD, PAGEOUT, COLLAPSE, POPULATE_READ, POPULATE_WRITE, GUARD_INSTALL, GUARD_REMOVE ->
                    Lock.MMAP_READ;
            case NORMAL, RANDOM, SEQUENTIAL, DONTFORK, DOFORK, MERGEABLE, UNMERGEABLE, HUGEPAGE, NOHUGEPAGE,
                    WIPEONFORK, KEEPONFORK ->
                    Lock.MMAP_WRITE;
        };
    }

    /** What a design may have to refuse, or null if entries do not change by this advice but through faults. */
    @Nullable
    Operation operation() {
        return switch (this) {
            case DONTNEED, DONTNEED_LOCKED -> Operation.DISCARD;
            case FREE, COLD, PAGEOUT -> Operation.AGE;
            case GUARD_INSTALL, GUARD_REMOVE -> Operation.GUARD;
            default -> null;
        };
    }

    /** Whether a process may give it for another one, where nothing is lost by it: process_madvise_remote_valid(). */
    boolean isRemoteValid() {
        return this == COLD || this == PAGEOUT || this == WILLNEED || this == COLLAPSE;
    }
}
