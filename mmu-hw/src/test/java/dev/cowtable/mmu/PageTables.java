package dev.cowtable.mmu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;

/** Builds paging structures in the memory of a machine; tables are taken from frame 1 upwards. */
public final class PageTables {
    public static final long FULL = Entry.P | Entry.RW | Entry.US;
    /** Indexes 292, 3, 5, 6; the high half, so the sign extension is exercised. */
    public static final long VADDR = 0xffff_0000_0000_0000L | 292L << 39 | 3L << 30 | 5L << 21 | 6L << 12;

    private final PhysicalMemory memory;
    private long nextPfn = 1;
    private final long root = newTable();

    public PageTables(Machine machine) {
        this.memory = machine.memory();
    }

    public long root() {
        return root;
    }

    /** A fresh frame of zeros. */
    public long newTable() {
        return Paging.paddr(nextPfn++);
    }

    /** Where the entry of the level is, making the tables above it with full rights. */
    public long entryPaddr(long vaddr, int level) {
        long table = root;
        for (int above = Paging.TOP_LEVEL; above > level; above--) {
            long paddr = table + 8L * Paging.index(vaddr, above);
            if (memory.read(paddr) == 0) {
                memory.write(paddr, newTable() | FULL);
            }
            table = Entry.paddr(memory.read(paddr));
        }
        return table + 8L * Paging.index(vaddr, level);
    }

    public void set(long vaddr, int level, long entry) {
        memory.write(entryPaddr(vaddr, level), entry);
    }

    public long get(long vaddr, int level) {
        return memory.read(entryPaddr(vaddr, level));
    }

    /** Maps one 4 KiB page. */
    public void map(long vaddr, long pfn, long flags) {
        set(vaddr, 1, Paging.paddr(pfn) | flags);
    }
}
