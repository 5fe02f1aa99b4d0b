package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;

/**
 * Reads last-level entries from physical memory, past TLBs and without a step of any CPU; remembers the table it was last in.
 *
 * <p>One look while the CPUs are at rest: a reader that outlives an operation reads tables that may be gone.
 */
public final class EntryReader {
    private static final long UNKNOWN = -1;
    private static final long ABSENT = 0;

    private final PhysicalMemory memory;
    private final MmStruct mm;
    private long block = UNKNOWN;
    private long tablePaddr;

    public EntryReader(PhysicalMemory memory, MmStruct mm) {
        this.memory = memory;
        this.mm = mm;
    }

    /** The entry, {@link Pte#NONE} where there is no table. */
    public long pte(long vaddr) {
        long wanted = vaddr & -PageTables.PMD_BYTES;
        if (wanted != block) {
            block = wanted;
            tablePaddr = table(vaddr);
        }
        return tablePaddr == ABSENT ? Pte.NONE : memory.read(PageTables.entryPaddr(tablePaddr, vaddr, 1));
    }

    /** Whether the 2 MiB around {@code vaddr} have a PTE table. */
    public boolean hasTable(long vaddr) {
        pte(vaddr);
        return tablePaddr != ABSENT;
    }

    private long table(long vaddr) {
        long table = mm.pgdPaddr();
        for (int level = Paging.TOP_LEVEL; level > 1; level--) {
            long entry = memory.read(PageTables.entryPaddr(table, vaddr, level));
            if (!Entry.isPresent(entry)) {
                return ABSENT;
            }
            if (level == 2 && PageTables.isLeaf(entry)) {
                throw new IllegalStateException("a huge page at 0x" + Long.toHexString(vaddr) + " in " + mm);
            }
            table = Entry.paddr(entry);
        }
        return table;
    }
}
