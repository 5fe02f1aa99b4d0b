package dev.cowtable.mm.pgtable;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.cpu.MemoryPort;
import org.jspecify.annotations.Nullable;

/**
 * Finds and makes page tables, and hands out locked PTE tables; {@link #lockPrivate} is the one door through which
 * every modifier of a PTE table goes.
 *
 * <p>Mirrors: p4d_alloc() .. pte_alloc(), pte_offset_map_lock() (mm/memory.c, mm/pgtable-generic.c).
 * <p>Locks: page_table_lock for entries above the PMD table, pmd lock for PMD entries, ptl for PTEs.
 */
public final class PageTables {
    /** No PMD entry exists for the address. */
    public static final long NO_ENTRY = -1;
    public static final long PMD_BYTES = Paging.sizeBytes(2);
    /** Rights of an entry that points at a table: _PAGE_TABLE. */
    public static final long TABLE_PROT = Entry.P | Entry.RW | Entry.US | Entry.A | Entry.D;

    private static final int PMD_LEVEL = 2;

    private final Kernel kernel;

    public PageTables(Kernel kernel) {
        this.kernel = kernel;
    }

    // ---------------------------------------------------------------- looking

    /** Physical address of the PMD entry of {@code vaddr}, or {@link #NO_ENTRY} if an upper table is absent. */
    public long pmdOffset(Cpu cpu, MmStruct mm, long vaddr) {
        MemoryPort memory = cpu.memory();
        long table = mm.pgdPaddr();
        for (int level = Paging.TOP_LEVEL; level > PMD_LEVEL; level--) {
            long entry = memory.read(entryPaddr(table, vaddr, level));
            if (!Entry.isPresent(entry)) {
                return NO_ENTRY;
            }
            table = Entry.paddr(entry);
        }
        return entryPaddr(table, vaddr, PMD_LEVEL);
    }

    /**
     * First address at or above {@code vaddr} and below {@code end} whose PMD entry exists and is not none, or {@code end}.
     *
     * <p>Why: sparse ranges are skipped a whole upper table at a time, as the kernel's nested loops do.
     */
    public long nextPopulatedPmd(Cpu cpu, MmStruct mm, long vaddr, long end) {
        MemoryPort memory = cpu.memory();
        long at = vaddr;
        while (Long.compareUnsigned(at, end) < 0) {
            long table = mm.pgdPaddr();
            int level = Paging.TOP_LEVEL;
            long entry = memory.read(entryPaddr(table, at, level));
            while (level > PMD_LEVEL && Entry.isPresent(entry)) {
                level--;
                entry = memory.read(entryPaddr(Entry.paddr(entry), at, level));
            }
            if (level == PMD_LEVEL && entry != 0) {
                return at;
            }
            at = (at & -Paging.sizeBytes(level)) + Paging.sizeBytes(level);
        }
        return end;
    }

    public static long entryPaddr(long tablePaddr, long vaddr, int level) {
        return tablePaddr + Paging.index(vaddr, level) * (long) Paging.ENTRY_BYTES;
    }

    /** Physical address of the PTE of {@code vaddr} in a table. */
    public static long ptePaddr(PtDesc table, long vaddr) {
        return entryPaddr(table.paddr(), vaddr, 1);
    }

    /** True if a PMD entry points at a PTE table, write-protected or not. */
    public static boolean isTable(long pmd) {
        return (pmd & (Entry.P | Entry.PS)) == Entry.P;
    }

    /** True if a PMD entry maps a 2 MiB page. */
    public static boolean isLeaf(long pmd) {
        return (pmd & (Entry.P | Entry.PS)) == (Entry.P | Entry.PS);
    }

    /** The descriptor of the table that an entry points at, or null if that frame is no table any more. */
    public @Nullable PtDesc desc(long entry) {
        return kernel.memMap().mapping(Entry.pfn(entry)) instanceof PtDesc desc ? desc : null;
    }

    /** The descriptor of the table that holds the entry at {@code entryPaddr}. */
    public PtDesc descOfEntryAt(long entryPaddr) {
        PtDesc desc = desc(entryPaddr);
        if (desc == null) {
            throw new IllegalStateException("0x" + Long.toHexString(entryPaddr) + " is in no page table");
        }
        return desc;
    }

    // ---------------------------------------------------------------- locking

    /**
     * Locks the PTE table that a PMD entry points at, to look at its entries.
     *
     * <p>Mirrors: pte_offset_map_lock().
     * <p>Locks: returns with the table's ptl held; the PMD entry has been compared again under it.
     *
     * @return the table, or null if there is none
     */
    public @Nullable PtDesc lockTable(Cpu cpu, long pmdPaddr) {
        return lockTable(cpu, pmdPaddr, false);
    }

    /** As {@link #lockTable(Cpu, long)}, for a second table: fork holds the child's table, then takes the parent's. */
    public @Nullable PtDesc lockTableNested(Cpu cpu, long pmdPaddr) {
        return lockTable(cpu, pmdPaddr, true);
    }

    private @Nullable PtDesc lockTable(Cpu cpu, long pmdPaddr, boolean nested) {
        while (true) {
            long pmd = cpu.memory().read(pmdPaddr);
            if (!isTable(pmd)) {
                return null;
            }
            PtDesc table = desc(pmd);
            if (table == null) {
                continue;
            }
            if (nested) {
                table.ptl().lockNested(cpu);
            } else {
                table.ptl().lock(cpu);
            }
            if (pointsAt(cpu.memory().read(pmdPaddr), table)) {
                return table;
            }
            table.ptl().unlock(cpu);
        }
    }

    /** True if a PMD entry points at this very table (pmd_same() but for the rights). */
    public static boolean pointsAt(long pmd, PtDesc table) {
        return isTable(pmd) && Entry.pfn(pmd) == table.pfn();
    }

    /**
     * Locks the PTE table of {@code vaddr} to change entries: a shared table is broken first by the fork strategy, and that it
     * is private is looked at again under the lock (dossier L2).
     *
     * <p>Locks: returns with ptl held; may take and drop pmd lock and ptl, and may allocate, before that.
     *
     * @return the table; null if there is none; {@link PtDesc#NO_MEMORY}, nothing locked, if a copy could not be had
     */
    public @Nullable PtDesc lockPrivate(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr, BreakIntent intent) {
        while (true) {
            PtDesc table = lockTable(cpu, pmdPaddr);
            if (table == null || !table.isShared()) {
                return table;
            }
            table.ptl().unlock(cpu);
            long block = vaddr & -PMD_BYTES;
            if (kernel.forkStrategy().breakTables(cpu, mm, block, block + PMD_BYTES, intent) == BreakResult.NOMEM) {
                return PtDesc.NO_MEMORY;
            }
        }
    }

    // ---------------------------------------------------------------- making

    /** Makes the top-level table of an address space, or answers {@link PageAllocator#NO_PAGE}. */
    public long pgdAlloc(Cpu cpu) {
        long pfn = newTable(cpu, Paging.TOP_LEVEL);
        return pfn == PageAllocator.NO_PAGE ? PageAllocator.NO_PAGE : Paging.paddr(pfn);
    }

    public void pgdFree(Cpu cpu, long pgdPaddr) {
        freeTablePage(cpu, descOfEntryAt(pgdPaddr));
    }

    /**
     * Physical address of the PMD entry of {@code vaddr}, upper tables made as needed.
     *
     * @return the address, or {@link #NO_ENTRY} if there is no memory
     */
    public long pmdAlloc(Cpu cpu, MmStruct mm, long vaddr) {
        long table = mm.pgdPaddr();
        for (int level = Paging.TOP_LEVEL; level > PMD_LEVEL; level--) {
            table = upperAlloc(cpu, mm, entryPaddr(table, vaddr, level), level - 1);
            if (table == NO_ENTRY) {
                return NO_ENTRY;
            }
        }
        return entryPaddr(table, vaddr, PMD_LEVEL);
    }

    /** The table of {@code level} that an entry points at, made if there is none; {@link #NO_ENTRY} if there is no memory. */
    public long upperAlloc(Cpu cpu, MmStruct mm, long entryPaddr, int level) {
        long entry = cpu.memory().read(entryPaddr);
        if (!Entry.isPresent(entry)) {
            entry = installUpper(cpu, mm, entryPaddr, level);
        }
        return entry == 0 ? NO_ENTRY : Entry.paddr(entry);
    }

    private long installUpper(Cpu cpu, MmStruct mm, long entryPaddr, int level) {
        long pfn = newTable(cpu, level);
        if (pfn == PageAllocator.NO_PAGE) {
            return 0;
        }
        long made = Paging.paddr(pfn) | TABLE_PROT;
        mm.pageTableLock().lock(cpu);
        long entry = cpu.memory().read(entryPaddr);
        if (!Entry.isPresent(entry)) {
            cpu.memory().write(entryPaddr, made);
            entry = made;
            mm.addTables(level, 1);
        }
        mm.pageTableLock().unlock(cpu);
        if (entry != made) {
            freeTablePage(cpu, descOfEntryAt(Entry.paddr(made)));
        }
        return entry;
    }

    /**
     * Makes sure that a PMD entry points at a PTE table.
     *
     * <p>Mirrors: __pte_alloc() with pmd_install(): someone else's table wins over ours.
     *
     * @return false if there is no memory
     */
    public boolean pteAlloc(Cpu cpu, MmStruct mm, long pmdPaddr) {
        if (cpu.memory().read(pmdPaddr) != 0) {
            return true;
        }
        PtDesc made = newPteTable(cpu);
        if (made == null) {
            return false;
        }
        PtDesc pmdTable = descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        boolean installed = cpu.memory().read(pmdPaddr) == 0;
        if (installed) {
            made.setOwner(mm, pmdPaddr);
            cpu.memory().write(pmdPaddr, made.paddr() | TABLE_PROT);
            mm.addTables(1, 1);
        }
        pmdTable.ptl().unlock(cpu);
        if (!installed) {
            freeTablePage(cpu, made);
        }
        return true;
    }

    /** A new empty PTE table that nothing points at yet, or null if there is no memory. */
    public @Nullable PtDesc newPteTable(Cpu cpu) {
        long pfn = newTable(cpu, 1);
        return pfn == PageAllocator.NO_PAGE ? null : descOfEntryAt(Paging.paddr(pfn));
    }

    private long newTable(Cpu cpu, int level) {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        if (pfn != PageAllocator.NO_PAGE) {
            cpu.memory().physical().clearFrame(pfn);
            kernel.memMap().initFlags(pfn, PageFlags.TABLE);
            kernel.memMap().setMapping(pfn, new PtDesc(pfn, level, kernel.lockdep()));
            kernel.tableAllocated(cpu);
        }
        return pfn;
    }

    /** Frees a table page that no CPU can reach any more: one that was never installed, or after the flush of its unlinking. */
    public void freeTablePage(Cpu cpu, PtDesc table) {
        kernel.tableFreed(cpu);
        kernel.memMap().setMapping(table.pfn(), null);
        kernel.putPage(cpu, table.pfn());
    }

    /** Count of PTE tables and all other tables that exist now, each counted once, the top tables included. */
    public long physicalTables() {
        return kernel.counters().sum(Counter.TABLE_ALLOC) - kernel.counters().sum(Counter.TABLE_FREE);
    }
}
