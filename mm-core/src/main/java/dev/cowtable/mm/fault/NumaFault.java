package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.WriteUpgrade;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * A fault on a NUMA hint: the entry gets its rights back.
 *
 * <p>Mirrors: do_numa_page(), numa_rebuild_single_mapping() (mm/memory.c).
 * <p>Flush: none, as rights only grow.
 * <p>Differs: there is one node, so the page always stays where it is.
 */
final class NumaFault {
    private final Kernel kernel;

    NumaFault(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Result bits; 0 also when the entry changed meanwhile and the access must fault again. */
    int doNumaPage(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr, long pte) {
        PtDesc table = kernel.pageTables().lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table == null) {
            return 0;
        }
        if (table == PtDesc.NO_MEMORY) {
            return VmFault.OOM;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        long old = cpu.memory().read(ptePaddr);
        if (Pte.same(old, pte)) {
            long restored = Pte.mkyoung(Pte.modify(old, vma.pageProt()));
            boolean writable = WriteUpgrade.canChangePteWritable(kernel, vma, restored);
            cpu.memory().write(ptePaddr, writable ? Pte.mkwrite(restored) : restored);
        }
        table.ptl().unlock(cpu);
        return 0;
    }
}
