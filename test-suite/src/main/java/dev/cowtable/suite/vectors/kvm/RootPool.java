package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorInput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Roots with four private tables each, used in turn.
 *
 * <p>Why: KVM drops cached translations when CR3 changes, so that no two accesses in a row may have the same root; and
 * where it shadows the guest's tables it need not see what this process writes into them. Before a second round it is
 * therefore made to forget what it knows of them.
 */
final class RootPool {
    private final MemorySegment roots;
    private final Forgetting forgetting;
    private final long[] vaddrs = new long[GuestLayout.NR_ROOTS];
    private int current = -1;

    /** Makes KVM forget all that it derived from the tables. */
    @FunctionalInterface
    interface Forgetting {
        void forget() throws IOException;
    }

    RootPool(MemorySegment roots, Forgetting forgetting) {
        this.roots = roots;
        this.forgetting = forgetting;
        for (int root = 0; root < GuestLayout.NR_ROOTS; root++) {
            Harness.mapInto(roots, (long) root * GuestLayout.ROOT_BYTES);
        }
    }

    /** Goes to the next root and empties its tables. */
    void next() throws IOException {
        current++;
        if (current == GuestLayout.NR_ROOTS) {
            current = 0;
            forgetting.forget();
        }
        for (int level = 1; level <= GuestLayout.LEVELS; level++) {
            roots.set(ValueLayout.JAVA_LONG, entryAt(level), 0);
        }
    }

    /** Guest physical address of the current root: what CR3 holds. */
    long gpa() {
        return GuestLayout.ROOTS_GPA + (long) current * GuestLayout.ROOT_BYTES;
    }

    void write(long vaddr, long[] entries) {
        vaddrs[current] = vaddr;
        for (int level = 1; level <= GuestLayout.LEVELS; level++) {
            roots.set(ValueLayout.JAVA_LONG, entryAt(level), entries[level]);
        }
    }

    /** The entries as the access left them; index: level. */
    long[] read() {
        long[] entries = new long[VectorInput.LEVELS + 1];
        for (int level = 1; level <= GuestLayout.LEVELS; level++) {
            entries[level] = roots.get(ValueLayout.JAVA_LONG, entryAt(level));
        }
        return entries;
    }

    /** Where the current root's entry of the level lies in the slot. */
    private long entryAt(int level) {
        int index = GuestLayout.index(vaddrs[current], level);
        if (level == GuestLayout.LEVELS && GuestLayout.isTakenIndex(index)) {
            index = GuestLayout.USER_INDEX + 1; // of an address that is not canonical, or of none so far
        }
        return (long) current * GuestLayout.ROOT_BYTES + (long) Placement.tableOf(level) * GuestLayout.PAGE_BYTES
                + (long) index * GuestLayout.ENTRY_BYTES;
    }
}
