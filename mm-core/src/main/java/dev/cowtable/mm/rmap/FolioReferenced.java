package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Asks who has used a page since it was last asked, and forgets the answer: A is cleared in every entry.
 *
 * <p>A shared table is not broken for that: A in it stands for all who share it, so a page counts as used once a table.
 *
 * <p>Mirrors: folio_referenced() (mm/rmap.c).
 * <p>Locks: takes an rmap lock and ptl. One object serves one question.
 * <p>Flush: none owed; a CPU that has the entry cached just does not set A again for a while.
 */
public final class FolioReferenced {
    private final Kernel kernel;
    private final PageVmaWalk walk;
    private int mappingsLeft;
    private int referenced;
    private long vmaFlags;

    public FolioReferenced(Kernel kernel) {
        this.kernel = kernel;
        this.walk = new PageVmaWalk(kernel);
    }

    /** The number of entries through which the page was used. */
    public int referenced(Cpu cpu, long pfn) {
        MemMap memMap = kernel.memMap();
        mappingsLeft = memMap.mapcount(pfn);
        referenced = 0;
        vmaFlags = 0;
        if (mappingsLeft != 0) {
            kernel.rmap().walk(cpu, pfn, (vma, vaddr) -> referencedOne(cpu, pfn, vma, vaddr));
        }
        return referenced;
    }

    /** Flags of the VMAs through which it was used; VM_LOCKED if a locked VMA maps it. */
    public boolean vmaHas(long flag) {
        return (vmaFlags & flag) != 0;
    }

    private boolean referencedOne(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        PtDesc table = walk.lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.LOOK);
        if (table == null) {
            return true;
        }
        boolean locked = vma.has(VmFlags.LOCKED);
        if (locked) {
            kernel.rmap().mlockVmaFolio(cpu, pfn, vma);
            vmaFlags |= VmFlags.LOCKED;
        } else if (clearYoung(cpu, PageTables.ptePaddr(table, vaddr))
                | vma.mm().notifiers().clearFlushYoung(cpu, vaddr, vaddr + 4096)) {
            referenced++;
            vmaFlags |= vma.flags() & ~VmFlags.LOCKED;
        }
        table.ptl().unlock(cpu);
        return !locked && --mappingsLeft != 0;
    }

    private static boolean clearYoung(Cpu cpu, long ptePaddr) {
        long pte = cpu.memory().read(ptePaddr);
        boolean young = Pte.mkold(pte) != pte;
        if (young) {
            cpu.memory().fetchAndAnd(ptePaddr, ~Entry.A);
        }
        return young;
    }
}
