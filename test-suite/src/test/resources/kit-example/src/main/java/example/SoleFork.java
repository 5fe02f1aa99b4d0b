package example;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.CopyPteRange;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/** Shares a PTE table if it holds nothing but pages of one private mapping of a process without pins; whoever must change it copies it. */
record SoleFork(Kernel kernel, String name) implements ForkStrategy {
    @Override
    public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, VmAreaStruct dst) {
        int self = pass.handledCount() - 1;
        if (dst == null || !pass.needsCopy(self)) {
            return 0;
        }
        return new CopyPageRange(kernel).copy(cpu, pass, src, (dstPmd, srcPmd, start, end) -> {
            long block = start & -PageTables.PMD_BYTES;
            boolean sole = (self == 0 || pass.source(self - 1).end() <= block)
                    && !pass.hasMoreBelow(block + PageTables.PMD_BYTES) && !src.has(VmFlags.SHARED | VmFlags.UFFD_WP);
            return sole && share(cpu, pass, block, dstPmd, srcPmd) ? 0
                    : new CopyPteRange(kernel).copy(cpu, pass, dst, src, dstPmd, srcPmd, start, end);
        });
    }

    private boolean share(Cpu cpu, ForkPass pass, long block, long dstPmd, long srcPmd) {
        PtDesc childPmd = kernel.pageTables().descOfEntryAt(dstPmd);
        PtDesc parentPmd = kernel.pageTables().descOfEntryAt(srcPmd);
        childPmd.ptl().lock(cpu);
        parentPmd.ptl().lockNested(cpu);
        PtDesc table = kernel.pageTables().lockTable(cpu, srcPmd);
        boolean shares = table != null && count(cpu, pass, table);
        if (shares) {
            cpu.memory().fetchAndAnd(srcPmd, ~Entry.RW);
            pass.debt().oweStructure(block, block + PageTables.PMD_BYTES);
            table.addSharer(pass.child(), dstPmd);
            cpu.memory().write(dstPmd, table.paddr() | PageTables.TABLE_PROT & ~Entry.RW);
            pass.child().addTables(1, 1);
        }
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        parentPmd.ptl().unlock(cpu);
        childPmd.ptl().unlock(cpu);
        return shares;
    }

    /** Counts every page for the child, who finds the entries as fork would have left them; false if one may not be shared. */
    private boolean count(Cpu cpu, ForkPass pass, PtDesc table) {
        boolean mayShare = !pass.parent().hasPinned(cpu);
        for (long at = table.paddr(); at < table.paddr() + 4096 && mayShare; at += 8) {
            mayShare = cpu.memory().read(at) == Pte.NONE || Pte.isPresent(cpu.memory().read(at));
        }
        EntryDup dup = new EntryDup(kernel, cpu, pass.parent());
        for (long at = table.paddr(); at < table.paddr() + 4096 && mayShare; at += 8) {
            long pte = cpu.memory().read(at);
            if (pte != Pte.NONE && !Pte.isSpecial(pte)) {
                dup.dupPage(cpu, Pte.pfn(pte));
                cpu.memory().fetchAndAnd(at, ~Entry.RW);
            }
        }
        dup.addSumsTo(cpu, pass.child());
        return mayShare;
    }

    @Override
    public BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
        PageTables tables = kernel.pageTables();
        long at = startVaddr & -PageTables.PMD_BYTES;
        while ((at = tables.nextPopulatedPmd(cpu, mm, at, endVaddr)) < endVaddr) {
            long pmd = tables.pmdOffset(cpu, mm, at);
            PtDesc seen = tables.desc(cpu.memory().read(pmd));
            PtDesc copy = seen != null && seen.isShared() ? tables.newPteTable(cpu) : null;
            if (seen != null && seen.isShared() && copy == null) {
                return BreakResult.NOMEM;
            }
            long next = (at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
            PtDesc left = copy == null ? null : leave(cpu, mm, pmd, copy);
            if (left != null) {
                FlushDebt debt = new FlushDebt(mm);
                debt.oweStructure(next - PageTables.PMD_BYTES, next);
                kernel.tlbFlush().settle(cpu, debt);
                dropShare(cpu, left);
            } else if (copy != null) {
                tables.freeTablePage(cpu, copy);
            }
            at = next;
        }
        return BreakResult.OK;
    }

    /** Points the PMD entry at a copy, or at nothing; the shared table that it left, or null if it has none. */
    private PtDesc leave(Cpu cpu, MmStruct mm, long pmd, PtDesc copy) {
        PtDesc pmdTable = kernel.pageTables().descOfEntryAt(pmd);
        pmdTable.ptl().lock(cpu);
        PtDesc table = kernel.pageTables().lockTable(cpu, pmd);
        boolean leaves = table != null && table.isShared();
        if (leaves) {
            if (copy != null) {
                cpu.memory().copyFrame(table.pfn(), copy.pfn());
                copy.setOwner(mm, pmd);
            }
            cpu.memory().exchange(pmd, copy == null ? 0 : copy.paddr() | PageTables.TABLE_PROT);
            table.removeSharer(mm);
        }
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        pmdTable.ptl().unlock(cpu);
        return leaves ? table : null;
    }

    @Override
    public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        PtDesc table = leave(cpu, mm, pmdPaddr, null);
        if (table != null) {
            mm.addTables(1, -1);
            tlb.debt().oweStructure(vaddr, vaddr + PageTables.PMD_BYTES);
            kernel.memoryMap().zap().munlockTable(cpu, tlb, table, vaddr);
            tlb.afterFlush((c, gather) -> {
                kernel.memoryMap().zap().uncountTable(c, gather, table, vaddr);
                dropShare(c, table);
            });
        }
        return table != null;
    }

    private void dropShare(Cpu cpu, PtDesc table) {
        table.ptl().lock(cpu);
        boolean last = table.dropShare();
        table.ptl().unlock(cpu);
        if (last) {
            kernel.pageTables().freeTablePage(cpu, table);
        }
    }
}
