package dev.cowtable.mm.pgtable;

import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * Frees page tables that an unmapping has emptied.
 *
 * <p>Mirrors: free_pgtables() (mm/memory.c), CONFIG_PT_RECLAIM (mm/pt_reclaim.c).
 * <p>Flush: a table goes to the gather, which frees it after a flush that reaches the paging-structure caches.
 */
public final class FreePgtables {
    private static final int PMD_LEVEL = 2;

    private final PageTables pageTables;

    public FreePgtables(PageTables pageTables) {
        this.pageTables = pageTables;
    }

    /**
     * Frees the tables of an unmapped range that no VMA below {@code floor} or from {@code ceiling} on needs.
     *
     * <p>Mirrors: free_pgd_range() .. free_pte_range(); {@code ceiling} 0 is the end of the address space.
     * <p>Locks: mmap_lock for writing, or the mm has no users.
     * <p>Flush: the tables go to the gather and are freed by it after its flush.
     */
    public void freePgtables(Cpu cpu, MmuGather tlb, MmStruct mm, long start, long end, long floor, long ceiling) {
        long from = start & -PageTables.PMD_BYTES;
        if (from < floor) {
            from += PageTables.PMD_BYTES;
        }
        long roof = ceiling & -PageTables.PMD_BYTES;
        if (ceiling != 0 && roof == 0) {
            return;
        }
        long to = end - 1 > roof - 1 && roof != 0 ? end - PageTables.PMD_BYTES : end;
        if (from > to - 1) {
            return;
        }
        freeLevel(cpu, tlb, mm, mm.pgdPaddr(), Paging.TOP_LEVEL, from, to, floor, ceiling);
    }

    private void freeLevel(Cpu cpu, MmuGather tlb, MmStruct mm, long tablePaddr, int level, long start, long end,
            long floor, long ceiling) {
        long size = Paging.sizeBytes(level);
        long next;
        for (long at = start; at < end; at = next) {
            next = Math.min((at & -size) + size, end);
            long entryPaddr = PageTables.entryPaddr(tablePaddr, at, level);
            long entry = cpu.memory().read(entryPaddr);
            if (!PageTables.isTable(entry)) {
                continue;
            }
            if (level > PMD_LEVEL) {
                freeLevel(cpu, tlb, mm, Entry.paddr(entry), level - 1, at, next, floor, ceiling);
            }
            if (level == PMD_LEVEL || isFree(at & -size, next, floor, ceiling, size)) {
                unlinkTable(cpu, tlb, mm, entryPaddr, entry, at & -size);
            }
        }
    }

    private static boolean isFree(long spanStart, long end, long floor, long ceiling, long size) {
        if (spanStart < floor) {
            return false;
        }
        long roof = ceiling & -size;
        return ceiling == 0 || (roof != 0 && end - 1 <= roof - 1);
    }

    /** Clears the entry that points at a table and hands the table to the gather. */
    private void unlinkTable(Cpu cpu, MmuGather tlb, MmStruct mm, long entryPaddr, long entry, long vaddr) {
        PtDesc table = pageTables.descOfEntryAt(Entry.paddr(entry));
        if (table.shareCount() != 1) {
            throw new IllegalStateException("the table in frame " + table.pfn() + " is freed while shared");
        }
        cpu.memory().write(entryPaddr, 0);
        mm.addTables(table.level(), -1);
        tlb.freeTable(table, vaddr);
    }

    /**
     * Frees the PTE table of one 2 MiB range if all its entries are none.
     *
     * <p>Mirrors: try_to_free_pte() of CONFIG_PT_RECLAIM.
     * <p>Locks: takes pmd lock and ptl.
     */
    public void tryToFreePte(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        PtDesc pmdTable = pageTables.descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        boolean freed = table != null && !table.isShared() && isEmpty(cpu, table);
        if (freed) {
            cpu.memory().write(pmdPaddr, 0);
        }
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        pmdTable.ptl().unlock(cpu);
        if (freed && table != null) {
            mm.addTables(1, -1);
            tlb.freeTable(table, vaddr & -PageTables.PMD_BYTES);
        }
    }

    private static boolean isEmpty(Cpu cpu, PtDesc table) {
        FramePort entries = cpu.memory().frame(table.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            if (entries.read(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
