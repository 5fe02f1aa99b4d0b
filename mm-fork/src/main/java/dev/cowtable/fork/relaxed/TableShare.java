package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPteRange;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.FolioPteBatch;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Fork's work on one 2 MiB range: share the parent's table with the child, or fall back to a private one.
 *
 * <p>Two phases under one hold of the table's lock. Look: may every entry be shared? Account: count every entry for the child and
 * write-protect it. A fallback needs no roll-back, as nothing was touched yet; a swap count that can not grow is rolled back
 * without memory.
 *
 * <p>Locks: child's pmd lock, parent's pmd lock nested, ptl of the table.
 * <p>Flush: the parent's write-protected entries are owed by the pass, and its write-protected PMD entry unless sharing is only marked; nothing
 * is owed for a table that was shared already.
 */
final class TableShare {
    private static final int SHARED = 0;
    private static final int FALL_BACK = 1;

    private final Kernel kernel;
    private final PageTables pageTables;
    private final RelaxedSteps steps;
    private final RelaxedOptions options;
    private final CopyPteRange copyPteRange;

    TableShare(Kernel kernel, RelaxedSteps steps, RelaxedOptions options) {
        this.options = options;
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.steps = steps;
        this.copyPteRange = new CopyPteRange(kernel);
    }

    /** Gives the child what the parent has in a 2 MiB range all of whose VMAs have been handled; 0 or -ENOMEM. */
    int copyBlock(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        long pmd = cpu.memory().read(srcPmdPaddr);
        if (PageTables.isLeaf(pmd)) {
            HugePmd.copy(kernel, cpu, pass.child(), dstPmdPaddr, srcPmdPaddr, block, pass.debt());
            return 0;
        }
        int result = pmd == 0 ? SHARED : tryShare(cpu, pass, block, dstPmdPaddr, srcPmdPaddr);
        return result == FALL_BACK ? copyPrivately(cpu, pass, block, dstPmdPaddr, srcPmdPaddr) : result;
    }

    private int tryShare(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        PtDesc dstPmdTable = pageTables.descOfEntryAt(dstPmdPaddr);
        PtDesc srcPmdTable = pageTables.descOfEntryAt(srcPmdPaddr);
        dstPmdTable.ptl().lock(cpu);
        srcPmdTable.ptl().lockNested(cpu);
        PtDesc table = pageTables.lockTable(cpu, srcPmdPaddr);
        int result = SHARED;
        if (table != null) {
            result = shareLocked(cpu, pass, block, table, dstPmdPaddr, srcPmdPaddr);
            table.ptl().unlock(cpu);
        }
        srcPmdTable.ptl().unlock(cpu);
        dstPmdTable.ptl().unlock(cpu);
        return result;
    }

    private int shareLocked(Cpu cpu, ForkPass pass, long block, PtDesc table, long dstPmdPaddr, long srcPmdPaddr) {
        if (!isShareable(cpu, pass, block, table)) {
            return FALL_BACK;
        }
        EntryDup dup = new EntryDup(kernel, cpu, pass.parent(), pass.child());
        kernel.counters().add(cpu.id(), Counter.FORK_ENTRY_VISITED, Paging.ENTRIES);
        if (!account(cpu, pass, block, table, dup)) {
            return Errno.ENOMEM.code();
        }
        dup.addSumsTo(cpu, pass.child());
        if (!options.marked() && Entry.isWritable(cpu.memory().read(srcPmdPaddr))) {
            cpu.memory().fetchAndAnd(srcPmdPaddr, ~Entry.RW);
            pass.debt().oweStructure(block, block + PageTables.PMD_BYTES);
        }
        table.addSharer(pass.child(), dstPmdPaddr);
        long rights = options.marked() ? PageTables.TABLE_PROT : PageTables.TABLE_PROT & ~Entry.RW;
        cpu.memory().write(dstPmdPaddr, table.paddr() | rights);
        pass.child().addTables(1, 1);
        kernel.counters().add(cpu.id(), Counter.TABLE_SHARED, 1);
        return SHARED;
    }

    // ---------------------------------------------------------------- look

    /** True if every entry lies in a VMA that the child gets unchanged, and none needs an early copy. */
    private boolean isShareable(Cpu cpu, ForkPass pass, long block, PtDesc table) {
        int vma = firstOverlapping(pass, block);
        boolean mayHavePins = pass.parent().hasPinned(cpu);
        FramePort entries = cpu.memory().frame(table.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = entries.read(i);
            if (pte == Pte.NONE) {
                continue;
            }
            long vaddr = block + i * 4096L;
            while (vma < pass.handledCount() && pass.source(vma).end() <= vaddr) {
                vma++;
            }
            boolean covered = vma < pass.handledCount() && pass.source(vma).contains(vaddr);
            if (!covered || !steps.mayShareVma(pass, vma)
                    || (mayHavePins && Pte.isPresent(pte) && !steps.mayShareEntry(cpu, pte))) {
                return false;
            }
        }
        return true;
    }

    private static int firstOverlapping(ForkPass pass, long block) {
        int i = pass.handledCount() - 1;
        while (i > 0 && pass.source(i - 1).end() > block) {
            i--;
        }
        return i;
    }

    // ---------------------------------------------------------------- account

    /** Counts all entries for the child; false, with all counts as they were, if a swap count could not grow. */
    private boolean account(Cpu cpu, ForkPass pass, long block, PtDesc table, EntryDup dup) {
        boolean writeProtected = false;
        int i = 0;
        boolean granted = true;
        FramePort entries = cpu.memory().frame(table.pfn());
        int batch;
        for (; i < Paging.ENTRIES && granted; i += batch) {
            long pte = entries.read(i);
            batch = dup.isLarge(pte) ? batchLength(dup, entries, i, pte) : 1;
            if (pte == Pte.NONE) {
                continue;
            }
            if (Pte.isPresent(pte)) {
                writeProtected |= accountBatch(cpu, dup, entries, i, pte, batch);
            } else {
                granted = accountNonpresent(cpu, dup, entries, i, pte);
            }
        }
        if (writeProtected) {
            pass.debt().owe(block, block + PageTables.PMD_BYTES);
        }
        boolean ready = steps.mayShareAfterCounting(granted);
        if (!ready) {
            unwind(cpu, table, dup, i - 1);
        }
        return ready;
    }

    /** Entries of one large folio are counted together whatever A, D and R/W they have, as they stay where they are. */
    private static int batchLength(EntryDup dup, FramePort entries, int index, long pte) {
        return dup.batch(entries, index, pte, Paging.ENTRIES - index, FolioPteBatch.IGNORE_DIRTY).length();
    }

    private boolean accountBatch(Cpu cpu, EntryDup dup, FramePort entries, int index, long pte, int n) {
        if (n == 1) {
            if (!Pte.isSpecial(pte)) {
                steps.accountPresent(cpu, dup, pte);
            }
            return protect(dup, entries, index, pte);
        }
        steps.accountPresent(cpu, dup, pte, n);
        boolean writeProtected = false;
        for (int i = index; i < index + n; i++) {
            writeProtected |= protect(dup, entries, i, entries.read(i));
        }
        return writeProtected;
    }

    private boolean protect(EntryDup dup, FramePort entries, int index, long pte) {
        long lost = pte & ~steps.protectedEntry(pte);
        if (lost != 0) {
            steps.takeRights(entries, index, pte, lost);
            dup.countWrprotect();
        }
        return lost != 0;
    }

    private boolean accountNonpresent(Cpu cpu, EntryDup dup, FramePort entries, int index, long entry) {
        if (!dup.tryDupNonpresent(cpu, entry)) {
            return false;
        }
        long plain = steps.protectedNonpresentEntry(entry);
        if (plain != entry) {
            entries.write(index, plain);
        }
        return true;
    }

    /** Drops what was counted for the first entries. Write-protection and cleared markers stay: they only cost a fault. */
    private void unwind(Cpu cpu, PtDesc table, EntryDup dup, int entries) {
        for (int i = 0; i < entries; i++) {
            long pte = cpu.memory().read(table.paddr() + i * 8L);
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                dup.undoPage(cpu, Pte.pfn(pte));
            } else if (pte != Pte.NONE && !Pte.isPresent(pte)) {
                dup.undoNonpresent(cpu, pte);
            }
        }
    }

    // ---------------------------------------------------------------- fall back

    private int copyPrivately(Cpu cpu, ForkPass pass, long block, long dstPmdPaddr, long srcPmdPaddr) {
        kernel.counters().add(cpu.id(), Counter.TABLE_FALLBACK, 1);
        int error = 0;
        for (int i = firstOverlapping(pass, block); i < pass.handledCount() && error == 0; i++) {
            VmAreaStruct src = pass.source(i);
            @Nullable VmAreaStruct dst = pass.copy(i);
            if (dst != null && pass.needsCopy(i)) {
                long start = Math.max(block, src.start());
                long end = Math.min(block + PageTables.PMD_BYTES, src.end());
                error = copyPteRange.copy(cpu, pass, dst, src, dstPmdPaddr, srcPmdPaddr, start, end);
            }
        }
        return error;
    }
}
