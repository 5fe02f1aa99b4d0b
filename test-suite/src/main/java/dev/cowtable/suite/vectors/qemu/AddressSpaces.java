package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;

/**
 * Page tables: those of the vectors, and what each root needs besides for the guest itself.
 *
 * <p>Index 0 maps the guest's own memory onto itself for the supervisor, index 1 its stubs for the user. The former
 * exists once for each protection key.
 */
final class AddressSpaces {
    private static final int KEYS = 16;
    private static final long USED_TABLE = Entry.P | Entry.RW | Entry.A;

    private final GuestMemory memory;
    private final PhysicalPlan plan;
    private final int topLevel;
    private final long[] ownEntry = new long[KEYS];
    private final long userEntry;
    private long nextTablePaddr = GuestLayout.OWN_TABLES;

    AddressSpaces(GuestMemory memory, PhysicalPlan plan, int topLevel, long stubsPaddr) {
        this.memory = memory;
        this.plan = plan;
        this.topLevel = topLevel;
        for (int key = 0; key < KEYS; key++) {
            ownEntry[key] = buildOwn(key);
        }
        userEntry = buildUser(stubsPaddr);
    }

    long userStubsVaddr() {
        return Paging.sizeBytes(topLevel);
    }

    /** Maps nothing; user accesses fault there and a CR2 in it tells that something went wrong. */
    long unmappedVaddr() {
        return userStubsVaddr() + Paging.sizeBytes(2);
    }

    long rootPaddr(int slot) {
        return plan.tablePaddr(slot, topLevel);
    }

    /** Writes the vector's entries and its root. */
    void install(PlacedVector vector) {
        long rootPaddr = rootPaddr(vector.slot());
        for (int level = topLevel; level >= vector.lastLevel(); level--) {
            memory.store(entryPaddr(vector, level), vector.input().entry(level));
        }
        memory.store(rootPaddr, ownEntry[vector.ownKey()]);
        memory.store(rootPaddr + Paging.ENTRY_BYTES, userEntry);
    }

    /** Reads back what the access left and clears it away. */
    long[] remove(PlacedVector vector) {
        long[] left = vector.input().entries().clone();
        for (int level = topLevel; level >= vector.lastLevel(); level--) {
            long paddr = entryPaddr(vector, level);
            left[level] = memory.load(paddr);
            memory.store(paddr, 0);
        }
        return left;
    }

    private long entryPaddr(PlacedVector vector, int level) {
        return plan.tablePaddr(vector.slot(), level)
                + (long) Paging.index(vector.input().va(), level) * Paging.ENTRY_BYTES;
    }

    private long buildOwn(int key) {
        long table = newTable();
        long leaf = USED_TABLE | Entry.D | Entry.PS | (long) key << Entry.KEY_SHIFT;
        for (long paddr = 0; paddr < GuestLayout.OWN_BYTES; paddr += Paging.sizeBytes(2)) {
            memory.store(table + paddr / Paging.sizeBytes(2) * Paging.ENTRY_BYTES, paddr | leaf);
        }
        return chain(table | USED_TABLE, 2);
    }

    private long buildUser(long stubsPaddr) {
        return chain(stubsPaddr | USED_TABLE | Entry.US | Entry.D, 0);
    }

    /** Tables with one entry each, up to the one that a root points to. */
    private long chain(long lowestEntry, int lowestLevel) {
        long entry = lowestEntry;
        for (int level = lowestLevel + 1; level < topLevel; level++) {
            long table = newTable();
            memory.store(table, entry);
            entry = table | USED_TABLE | entry & Entry.US;
        }
        return entry;
    }

    private long newTable() {
        long paddr = nextTablePaddr;
        nextTablePaddr += Paging.PAGE_BYTES;
        return paddr;
    }
}
