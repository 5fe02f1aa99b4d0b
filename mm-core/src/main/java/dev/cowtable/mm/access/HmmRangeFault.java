package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Tells a device that mirrors an address space which frames a range has, without references; pages that it asks for are faulted in first.
 *
 * <p>Only reads the tables: a shared one is broken by the fault of a page that is asked for with the right to write, and by nothing else.
 * The right to write is told only if both the entry and the PMD entry give it.
 *
 * <p>Mirrors: hmm_range_fault(), hmm_vma_walk_pmd(), hmm_vma_handle_pte() (mm/hmm.c).
 * <p>Locks: mmap_lock. Entries are read without ptl; what is told is good as long as the device's notifier is not called.
 * <p>Differs: a page on its way elsewhere is waited for by the fault; no private memory of devices, no entries of
 * VM_MIXEDMAP, and an opaque huge page is told as nothing.
 */
public final class HmmRangeFault {
    private final Kernel kernel;

    public HmmRangeFault(Kernel kernel) {
        this.kernel = kernel;
    }

    /** 0; -EFAULT if a page asked for cannot be had, -EPERM if it may not be written; what lies before that was told. */
    public int hmmRangeFault(Cpu cpu, HmmRange range) {
        range.mm().mmapLock().assertHeld();
        long at = range.start();
        int error = 0;
        while (at < range.end() && error == 0) {
            VmAreaStruct vma = range.mm().findVma(at);
            boolean inside = vma != null && vma.start() <= at;
            long to = vma == null ? range.end() : Math.min(range.end(), inside ? vma.end() : vma.start());
            if (inside && vma != null && vma.has(VmFlags.READ) && !vma.has(VmFlags.IO | VmFlags.PFNMAP)) {
                error = walkVma(cpu, range, vma, at, to);
            } else if (range.asksFor(at, to)) {
                error = Errno.EFAULT.code();
            } else {
                range.fill(at, to, HmmRange.ERROR);
            }
            at = to;
        }
        return error;
    }

    private int walkVma(Cpu cpu, HmmRange range, VmAreaStruct vma, long start, long end) {
        int error = 0;
        long next;
        for (long at = start; at < end && error == 0; at = next) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            long told = tellRange(cpu, range, at, next);
            while (told < next && error == 0) {
                error = hmmVmaFault(cpu, range, vma, told, next);
                told = error == 0 ? tellRange(cpu, range, told, next) : told;
            }
        }
        return error;
    }

    /** Tells what lies below one PMD entry, up to the first page that needs a fault; its address, or {@code end}. */
    private long tellRange(Cpu cpu, HmmRange range, long start, long end) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdOffset(cpu, range.mm(), start);
        long pmd = pmdPaddr == PageTables.NO_ENTRY ? Pte.NONE : cpu.memory().read(pmdPaddr);
        PtDesc table = PageTables.isTable(pmd) ? tables.desc(pmd) : null;
        long at = start;
        for (; at < end; at += 4096) {
            long pte = table == null ? Pte.NONE : cpu.memory().read(PageTables.ptePaddr(table, at));
            long rights = rights(pmd, pte);
            if (range.needs(at, rights) != HmmRange.NOTHING) {
                break;
            }
            range.tell(at, rights == 0 ? 0 : rights | Pte.pfn(pte));
        }
        return at;
    }

    /** Mirrors: pte_to_hmm_pfn_flags(). */
    private static long rights(long pmd, long pte) {
        if (!Pte.isPresent(pte) || Pte.isProtnone(pte)) {
            return 0;
        }
        return Pte.isWritable(pte) && Entry.isWritable(pmd) ? HmmRange.VALID | HmmRange.WRITE : HmmRange.VALID;
    }

    /** Faults in every page from the first that needs it to the end of the table, as that one needs it: hmm_vma_fault(). */
    private int hmmVmaFault(Cpu cpu, HmmRange range, VmAreaStruct vma, long first, long end) {
        boolean write = range.needs(first, 0) == HmmRange.WRITE_FAULT;
        if (write && !vma.has(VmFlags.WRITE)) {
            return Errno.EPERM.code();
        }
        for (long at = first; at < end; at += 4096) {
            int result = kernel.fault().handleMmFault(cpu, vma, at, write ? VmFault.FLAG_WRITE : 0);
            if ((result & VmFault.ERROR) != 0) {
                return Errno.EFAULT.code();
            }
        }
        return 0;
    }
}
