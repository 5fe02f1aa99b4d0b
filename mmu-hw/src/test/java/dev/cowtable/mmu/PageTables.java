package dev.cowtable.mmu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.Cr4;

/** Builds the paging structures of one address space in the memory of a machine, with as many levels as it has. */
public final class PageTables {
    public static final long FULL = Entry.P | Entry.RW | Entry.US;
    /** Indexes 292, 3, 5, 6; the high half, so the sign extension is exercised. */
    public static final long VADDR = 0xffff_0000_0000_0000L | 292L << 39 | 3L << 30 | 5L << 21 | 6L << 12;

    private final PhysicalMemory memory;
    private final int levels;
    private long nextPfn;
    private final long root;

    /** Tables are taken from frame 1 upwards. */
    public PageTables(Machine machine) {
        this(machine, 1);
    }

    /** Tables are taken from the frame upwards. */
    public PageTables(Machine machine, long firstPfn) {
        this.memory = machine.memory();
        this.levels = (machine.cpu(0).cr4() & Cr4.LA57) != 0 ? Paging.MAX_LEVEL : Paging.TOP_LEVEL;
        this.nextPfn = firstPfn;
        this.root = newTable();
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
        for (int above = levels; above > level; above--) {
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

    /** Maps one page of the level's size; the address of the frame is cut to that size. */
    public void mapLarge(long vaddr, int level, long paddr, long flags) {
        set(vaddr, level, (paddr & -Paging.sizeBytes(level)) | flags | Entry.PS);
    }
}
