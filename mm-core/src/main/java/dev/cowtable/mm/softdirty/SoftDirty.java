package dev.cowtable.mm.softdirty;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Which pages a process has written since it was last asked: a bit in each entry, set with the first write after it was cleared.
 *
 * <p>Clearing takes the right to write away, so that the next write faults; whoever makes an entry dirty sets the bit ({@link #mark}). A
 * VMA with VM_SOFTDIRTY is new as a whole and not tracked until it is cleared once.
 *
 * <p>Mirrors: CONFIG_MEM_SOFT_DIRTY with clear_refs_write() of type 4 (fs/proc/task_mmu.c). A switch of the kernel, off unless asked for.
 * <p>Locks: clearing takes mmap_lock for writing and ptl.
 */
public final class SoftDirty {
    private final Kernel kernel;
    private boolean enabled;

    public SoftDirty(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Turns the tracking on for what is written from now on; before the first process is made. */
    public void enable() {
        enabled = true;
    }

    public boolean isEnabled() {
        return enabled;
    }

    /** What an entry gets along with D: the bit, or nothing if the kernel does not track. */
    public long mark() {
        return enabled ? Pte.SOFT_DIRTY : 0;
    }

    /** What a new VMA gets along with its flags. */
    public long newVma() {
        return enabled ? VmFlags.SOFTDIRTY : 0;
    }

    /**
     * True if an entry must not become writable without a fault, as its next write is to be noticed.
     *
     * <p>Mirrors: pte_needs_soft_dirty_wp().
     */
    public boolean needsWriteProtect(VmAreaStruct vma, long pte) {
        return enabled && !vma.has(VmFlags.SOFTDIRTY) && (pte & Pte.SOFT_DIRTY) == 0;
    }

    /** True if the page at {@code vaddr} counts as written: bit 55 of pagemap. */
    public boolean isSoftDirty(Cpu cpu, MmStruct mm, long vaddr) {
        VmAreaStruct vma = mm.vmaLookup(vaddr);
        if (!enabled || vma == null) {
            return false;
        }
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr);
        PtDesc table = pmdPaddr == PageTables.NO_ENTRY ? null : kernel.pageTables().lockTable(cpu, pmdPaddr);
        long pte = Pte.NONE;
        if (table != null) {
            pte = cpu.memory().read(PageTables.ptePaddr(table, vaddr));
            table.ptl().unlock(cpu);
        }
        return vma.has(VmFlags.SOFTDIRTY)
                || (pte & (Pte.isPresent(pte) ? Pte.SOFT_DIRTY : SwpEntry.SOFT_DIRTY)) != 0;
    }

    /**
     * Begins a new period for a whole address space; 0, or -ENOMEM with nothing changed if a shared table could not be broken.
     *
     * <p>Mirrors: clear_refs_write() with CLEAR_REFS_SOFT_DIRTY. Entries of pages that may be pinned are left alone: a device may write.
     * <p>Flush: the whole mm, before mmap_lock is dropped.
     */
    public int clearRefs(Cpu cpu, MmStruct mm) {
        if (!enabled) {
            return Errno.EINVAL.code();
        }
        kernel.forkStrategy().require(cpu, mm, Operation.SOFT_DIRTY, 0, Long.MAX_VALUE);
        mm.mmapWriteLock(cpu);
        boolean broken = breakTables(cpu, mm);
        if (broken) {
            FlushDebt debt = new FlushDebt(mm);
            mm.notifiers().invalidateRangeStart(cpu, 0, Long.MAX_VALUE, MmuNotifier.Event.SOFT_DIRTY);
            for (VmAreaStruct vma : mm.vmas()) {
                vma.startWrite(cpu);
                vma.setFlags(vma.flags() & ~VmFlags.SOFTDIRTY);
                clearVma(cpu, vma, debt);
            }
            kernel.tlbFlush().settleIfOwed(cpu, debt);
            mm.notifiers().invalidateRangeEnd(cpu, 0, Long.MAX_VALUE, MmuNotifier.Event.SOFT_DIRTY);
        }
        mm.mmapWriteUnlock(cpu);
        return broken ? 0 : Errno.ENOMEM.code();
    }

    private boolean breakTables(Cpu cpu, MmStruct mm) {
        for (VmAreaStruct vma : mm.vmas()) {
            if (kernel.forkStrategy().breakTables(cpu, mm, vma.start(), vma.end(),
                    BreakIntent.OTHER) == BreakResult.NOMEM) {
                return false;
            }
        }
        return true;
    }

    private void clearVma(Cpu cpu, VmAreaStruct vma, FlushDebt debt) {
        PageTables tables = kernel.pageTables();
        long next;
        for (long at = tables.nextPopulatedPmd(cpu, vma.mm(), vma.start(), vma.end()); at < vma.end();
                at = tables.nextPopulatedPmd(cpu, vma.mm(), next, vma.end())) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, vma.end());
            PtDesc table = tables.lockPrivate(cpu, vma.mm(), tables.pmdOffset(cpu, vma.mm(), at), at,
                    BreakIntent.OTHER);
            if (table == PtDesc.NO_MEMORY) {
                throw new IllegalStateException(
                        "a table at 0x" + Long.toHexString(at) + " became shared during clear_refs");
            }
            if (table != null) {
                clearRange(cpu, vma, table, at, next, debt);
                table.ptl().unlock(cpu);
            }
        }
    }

    /** Mirrors: clear_soft_dirty(). */
    private void clearRange(Cpu cpu, VmAreaStruct vma, PtDesc table, long start, long end, FlushDebt debt) {
        for (long at = start; at < end; at += 4096) {
            long ptePaddr = PageTables.ptePaddr(table, at);
            long pte = cpu.memory().read(ptePaddr);
            if (Pte.isPresent(pte)) {
                if (!isPinned(cpu, vma, pte)) {
                    cpu.memory().fetchAndAnd(ptePaddr, ~(Pte.SOFT_DIRTY | Entry.RW));
                    if (Pte.isWritable(pte)) {
                        debt.owe(at, at + 4096);
                    }
                }
            } else if (pte != Pte.NONE) {
                cpu.memory().write(ptePaddr, pte & ~SwpEntry.SOFT_DIRTY);
            }
        }
    }

    /** Mirrors: pte_is_pinned(). */
    private boolean isPinned(Cpu cpu, VmAreaStruct vma, long pte) {
        return vma.isCowMapping() && vma.mm().hasPinned(cpu) && !Pte.isSpecial(pte)
                && kernel.memMap().folioMaybeDmaPinned(cpu, Pte.pfn(pte));
    }
}
