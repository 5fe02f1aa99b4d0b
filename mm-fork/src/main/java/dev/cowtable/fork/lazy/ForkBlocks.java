package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.CopyPteRange;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Fork's work: for each 2 MiB range share the parent's table with the child as it is, or copy it as classic does.
 *
 * <p>Locks: child's pmd lock, parent's pmd lock nested, ptl of the table.
 * <p>Flush: the parent's write-protected PMD entries are owed by the pass.
 */
final class ForkBlocks {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final LazyRules rules;
    private final TableAccount account;
    private final CopyPageRange walk;
    private final CopyPteRange copyPteRange;

    ForkBlocks(Kernel kernel, LazyRules rules, TableAccount account) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.rules = rules;
        this.account = account;
        this.walk = new CopyPageRange(kernel);
        this.copyPteRange = new CopyPteRange(kernel);
    }

    /** The VMA that was handled last. A table is decided upon with the last VMA that has a part in it, unless the design does not wait. */
    int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src) {
        int self = pass.handledCount() - 1;
        if (pass.needsCopy(self)) {
            return walk.copy(cpu, pass, src, (dstPmd, srcPmd, start, end) -> {
                long block = start & -PageTables.PMD_BYTES;
                boolean waits = !rules.sharesWithFirstVma() && pass.hasMoreBelow(block + PageTables.PMD_BYTES);
                return waits ? 0 : copyBlock(cpu, pass, block, dstPmd, srcPmd);
            });
        }
        long block = src.start() & -PageTables.PMD_BYTES;
        if (rules.sharesWithFirstVma() || pass.hasMoreBelow(block + PageTables.PMD_BYTES)
                || !earlierNeedsCopy(pass, block, self)) {
            return 0;
        }
        long srcPmd = pageTables.pmdOffset(cpu, pass.parent(), block);
        long dstPmd = pageTables.pmdOffset(cpu, pass.child(), block);
        boolean empty = srcPmd == PageTables.NO_ENTRY || dstPmd == PageTables.NO_ENTRY;
        return empty ? 0 : copyBlock(cpu, pass, block, dstPmd, srcPmd);
    }

    private static boolean earlierNeedsCopy(ForkPass pass, long block, int self) {
        boolean needs = false;
        for (int i = self - 1; i >= 0 && pass.source(i).end() > block; i--) {
            needs |= pass.needsCopy(i);
        }
        return needs;
    }

    private int copyBlock(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        long pmd = cpu.memory().read(srcPmdPaddr);
        if (pmd == 0 || isShare(cpu.memory().read(dstPmdPaddr))) {
            return 0;
        }
        if (PageTables.isLeaf(pmd)) {
            HugePmd.copy(kernel, cpu, pass.child(), dstPmdPaddr, srcPmdPaddr, block, pass.debt());
            return 0;
        }
        return tryShare(cpu, pass, block, dstPmdPaddr, srcPmdPaddr) ? 0
                : copyPrivately(cpu, pass, block, dstPmdPaddr, srcPmdPaddr);
    }

    /** The child has the table by an earlier VMA. */
    private static boolean isShare(long pmd) {
        return PageTables.isTable(pmd) && !Entry.isWritable(pmd);
    }

    private boolean tryShare(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        PtDesc dstPmdTable = pageTables.descOfEntryAt(dstPmdPaddr);
        PtDesc srcPmdTable = pageTables.descOfEntryAt(srcPmdPaddr);
        dstPmdTable.ptl().lock(cpu);
        srcPmdTable.ptl().lockNested(cpu);
        PtDesc table = pageTables.lockTable(cpu, srcPmdPaddr);
        boolean shared = table != null && cpu.memory().read(dstPmdPaddr) == 0
                && rules.mayShare(cpu, pass, block, table);
        if (table != null) {
            if (shared) {
                share(cpu, pass, block, table, dstPmdPaddr, srcPmdPaddr);
            }
            table.ptl().unlock(cpu);
        }
        srcPmdTable.ptl().unlock(cpu);
        dstPmdTable.ptl().unlock(cpu);
        return shared;
    }

    /** No entry is looked at. A table that nobody counts is counted by the parent from now on. */
    private void share(Cpu cpu, ForkPass pass, long block, PtDesc table, long dstPmdPaddr, long srcPmdPaddr) {
        if (!table.isShared()) {
            table.setCowPteOwner(pass.parent());
        } else if (table.cowPteOwner() == null && rules.reuses()) {
            table.setCowPteOwner(pass.parent());
            account.add(cpu, pass.parent(), table, 1);
        }
        if (Entry.isWritable(cpu.memory().read(srcPmdPaddr))) {
            cpu.memory().fetchAndAnd(srcPmdPaddr, ~Entry.RW);
            pass.debt().oweStructure(block, block + PageTables.PMD_BYTES);
        }
        table.addSharer(pass.child(), dstPmdPaddr);
        cpu.memory().write(dstPmdPaddr, table.paddr() | PageTables.TABLE_PROT & ~Entry.RW);
        kernel.counters().add(cpu.id(), Counter.TABLE_SHARED, 1);
    }

    private int copyPrivately(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        kernel.counters().add(cpu.id(), Counter.TABLE_FALLBACK, 1);
        int last = pass.handledCount() - 1;
        int first = rules.sharesWithFirstVma() ? last : firstOverlapping(pass, block);
        int error = 0;
        for (int i = first; i <= last && error == 0; i++) {
            VmAreaStruct src = pass.source(i);
            @Nullable VmAreaStruct dst = pass.copy(i);
            if (dst != null && pass.needsCopy(i)) {
                long start = Math.max(block, src.start());
                long end = Math.min(block + PageTables.PMD_BYTES, src.end());
                error = copyPteRange.copy(cpu, pass, dst, src, dstPmdPaddr, srcPmdPaddr, start, end);
            }
        }
        unfreeze(cpu, srcPmdPaddr);
        return error;
    }

    /** The copy may have taken the right to write from entries of a table that is shared by others; that harms none of them. */
    private void unfreeze(Cpu cpu, long srcPmdPaddr) {
        PtDesc table = pageTables.lockTable(cpu, srcPmdPaddr);
        if (table != null) {
            table.editedInPlace();
            table.ptl().unlock(cpu);
        }
    }

    /** The first VMA of the pass that has a part in a 2 MiB range. */
    static int firstOverlapping(ForkPass pass, long block) {
        int i = pass.handledCount() - 1;
        while (i > 0 && pass.source(i - 1).end() > block) {
            i--;
        }
        return i;
    }

    /** Whether a parent has the table of {@code vaddr} in common with others. */
    static boolean isShared(Kernel kernel, Cpu cpu, MmStruct mm, long vaddr) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr);
        long pmd = pmdPaddr == PageTables.NO_ENTRY ? 0 : cpu.memory().read(pmdPaddr);
        PtDesc table = PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null;
        return table != null && table.isShared();
    }
}
