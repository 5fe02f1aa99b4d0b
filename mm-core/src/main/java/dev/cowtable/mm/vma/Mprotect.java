package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * The mprotect() system call.
 *
 * <p>Mirrors: mm/mprotect.c.
 * <p>Locks: mmap_lock for writing; takes ptl.
 * <p>Flush: the range, if any entry lost a right, before the lock is dropped. A gain of rights is not flushed.
 */
final class Mprotect {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final VmaMerge merge;
    private final Populate populate;

    Mprotect(Kernel kernel, VmaMerge merge, Populate populate) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.merge = merge;
        this.populate = populate;
    }

    int mprotect(Cpu cpu, MmStruct mm, long start, long end, long prot) {
        if (end <= start) {
            return end < start ? Errno.ENOMEM.code() : 0;
        }
        mm.mmapWriteLock(cpu);
        int result = prepare(cpu, mm, start, end, prot);
        FlushDebt debt = new FlushDebt(mm);
        mm.notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.PROTECTION_VMA);
        long at = start;
        while (result == 0 && at < end) {
            VmAreaStruct vma = mm.vmaLookup(at);
            if (vma == null) {
                result = Errno.ENOMEM.code();
                break;
            }
            long to = Math.min(vma.end(), end);
            result = fixup(cpu, vma, at, to, prot, debt);
            at = to;
        }
        kernel.tlbFlush().settleIfOwed(cpu, debt);
        mm.notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.PROTECTION_VMA);
        mm.mmapWriteUnlock(cpu);
        return result;
    }

    /** Breaks every shared table whose entries will change, before a VMA is touched. */
    private int prepare(Cpu cpu, MmStruct mm, long start, long end, long prot) {
        long at = start;
        VmAreaStruct vma;
        while (at < end && (vma = mm.vmaLookup(at)) != null) {
            long to = Math.min(vma.end(), end);
            boolean entriesChange = VmFlags.pageProt(newFlags(vma, prot)) != vma.pageProt();
            if (entriesChange
                    && kernel.forkStrategy().breakTables(cpu, mm, at, to, BreakIntent.MPROTECT) == BreakResult.NOMEM) {
                return Errno.ENOMEM.code();
            }
            at = to;
        }
        return 0;
    }

    private static long newFlags(VmAreaStruct vma, long prot) {
        return vma.flags() & ~VmFlags.ACCESS_FLAGS | prot;
    }

    /** Mirrors: mprotect_fixup(). Locked private memory that becomes writable is copied now, not when it is written. */
    private int fixup(Cpu cpu, VmAreaStruct vma, long start, long end, long prot, FlushDebt debt) {
        long oldProt = vma.pageProt();
        long oldFlags = vma.flags();
        long flags = accounted(vma, newFlags(vma, prot));
        if (flags == oldFlags) {
            return 0;
        }
        VmAreaStruct changed = merge.modifyFlags(cpu, vma, start, end, flags);
        if (changed == null) {
            return Errno.ENOMEM.code();
        }
        changeProtection(cpu, changed, start, end, changed.pageProt() != oldProt, debt);
        long writableOrShared = VmFlags.WRITE | VmFlags.SHARED;
        if ((oldFlags & (writableOrShared | VmFlags.LOCKED)) == VmFlags.LOCKED && (flags & VmFlags.WRITE) != 0) {
            kernel.tlbFlush().settleIfOwed(cpu, debt);
            populate.populateVma(cpu, changed, start, end);
        }
        return 0;
    }

    /** Private memory is charged when it becomes writable, and given back when it was never faulted. */
    private static long accounted(VmAreaStruct vma, long flags) {
        boolean charged =
                vma.has(VmFlags.ACCOUNT | VmFlags.WRITE | VmFlags.HUGETLB | VmFlags.SHARED | VmFlags.NORESERVE);
        if ((flags & VmFlags.WRITE) != 0) {
            return charged ? flags : flags | VmFlags.ACCOUNT;
        }
        boolean neverFaulted = vma.has(VmFlags.ACCOUNT) && vma.isAnonymous() && vma.anonVma() == null;
        return neverFaulted ? flags & ~VmFlags.ACCOUNT : flags;
    }

    private void changeProtection(Cpu cpu, VmAreaStruct vma, long start, long end, boolean protChanged,
            FlushDebt debt) {
        MmStruct mm = vma.mm();
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end;
                at = pageTables.nextPopulatedPmd(cpu, mm,
                        next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            PtDesc table = lockToChange(cpu, mm, pageTables.pmdOffset(cpu, mm, at), at, protChanged);
            if (table != null) {
                changePteRange(cpu, vma, table, at, next, debt);
                table.ptl().unlock(cpu);
            }
        }
    }

    /** A shared table is left alone where no entry changes: its entries are neither writable nor exclusive. */
    private @Nullable PtDesc lockToChange(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr, boolean protChanged) {
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null || !table.isShared()) {
            return table;
        }
        table.ptl().unlock(cpu);
        if (!protChanged) {
            return null;
        }
        table = pageTables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.MPROTECT);
        if (table == PtDesc.NO_MEMORY) {
            throw new IllegalStateException(
                    "a table at 0x" + Long.toHexString(vaddr) + " became shared during mprotect");
        }
        return table;
    }

    private void changePteRange(Cpu cpu, VmAreaStruct vma, PtDesc table, long start, long end, FlushDebt debt) {
        boolean lost = false;
        for (long at = start; at < end; at += 4096) {
            long ptePaddr = PageTables.ptePaddr(table, at);
            long old = cpu.memory().read(ptePaddr);
            while (Pte.isPresent(old)) {
                long changed = newEntry(vma, old);
                long witness = changed == old ? old : cpu.memory().compareAndExchange(ptePaddr, old, changed);
                if (witness == old) {
                    lost |= losesRights(old, changed);
                    break;
                }
                old = witness;
            }
            if (SwpEntry.isWritableMigration(old)) {
                cpu.memory().write(ptePaddr, readOnlyMigration(vma, old));
            }
        }
        if (lost) {
            debt.owe(start, end);
        }
    }

    /** The page on its way comes back without the right to write, an anonymous one still exclusive. */
    private static long readOnlyMigration(VmAreaStruct vma, long entry) {
        return vma.has(VmFlags.SHARED) ? SwpEntry.readableMigration(entry) : SwpEntry.readableExclusiveMigration(entry);
    }

    private long newEntry(VmAreaStruct vma, long old) {
        long changed = Pte.modify(old, vma.pageProt());
        return WriteUpgrade.canChangePteWritable(kernel, vma, changed) ? Pte.mkwrite(changed) : changed;
    }

    private static boolean losesRights(long old, long changed) {
        long dropped = old & ~changed & (Entry.P | Entry.RW | Entry.US);
        return Entry.isPresent(old) && (dropped != 0 || (~old & changed & Entry.XD) != 0);
    }
}
