package dev.cowtable.mm.tlb;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.InterruptHandler;
import dev.cowtable.mmu.cpu.IpiRequest;
import dev.cowtable.mmu.exec.Step;
import org.jspecify.annotations.Nullable;

/**
 * Which mm each CPU has loaded, and the flushing of translations on all CPUs that run an mm.
 *
 * <p>Mirrors: switch_mm_irqs_off(), flush_tlb_mm_range(), flush_tlb_func() (arch/x86/mm/tlb.c).
 * <p>Locks: none; loadedMm of a CPU is written by that CPU, or by a handler run for it.
 * <p>Differs: no PCID and no generations, so every switch flushes; a CPU leaves the cpumask when it switches away; no lazy mode.
 */
public final class TlbFlush {
    /** Above this number of pages one full flush is cheaper than many INVLPG: tlb_single_page_flush_ceiling. */
    private static final int SINGLE_PAGE_FLUSH_CEILING = 33;

    private final Kernel kernel;
    private final @Nullable MmStruct[] loadedMm;

    public TlbFlush(Kernel kernel, int cpuCount) {
        this.kernel = kernel;
        this.loadedMm = new MmStruct[cpuCount];
    }

    public @Nullable MmStruct loadedMm(Cpu cpu) {
        return loadedMm[cpu.id()];
    }

    /** Makes {@code next} the address space of this CPU: its bit is in the cpumask before its tables can be walked. */
    public void switchMm(Cpu cpu, MmStruct next) {
        MmStruct previous = loadedMm[cpu.id()];
        if (previous == next) {
            return;
        }
        next.setCpu(cpu.id());
        loadedMm[cpu.id()] = next;
        cpu.movToCr3(next.pgdPaddr());
        if (previous != null) {
            previous.clearCpu(cpu.id());
        }
    }

    /** Leaves no translation of a dying mm on this CPU: switches to the kernel's own tables. */
    private void leaveMm(Cpu cpu, MmStruct mm) {
        if (loadedMm[cpu.id()] == mm) {
            loadedMm[cpu.id()] = null;
            cpu.movToCr3(kernel.initPgdPaddr());
            mm.clearCpu(cpu.id());
        }
    }

    /** Makes every CPU leave a dying mm before its top table is freed. */
    public void leaveMmEverywhere(Cpu cpu, MmStruct mm) {
        onEachCpuOf(cpu, mm, target -> leaveMm(target, mm));
    }

    /**
     * Flushes what a debt covers, on all CPUs of the mm, and settles it; a flush that nobody owed is counted as needless.
     *
     * <p>Locks: interrupts enabled. May be called under spin locks.
     */
    public void settle(Cpu cpu, FlushDebt debt) {
        if (!debt.isOwed()) {
            kernel.counters().add(cpu.id(), Counter.TLB_FLUSH_NEEDLESS, 1);
            return;
        }
        flushTlbMmRange(cpu, debt.mm(), debt.startVaddr(), debt.endVaddr(), debt.isStructure());
        debt.mm().notifiers().invalidateSecondaryTlbs(cpu, debt.startVaddr(), debt.endVaddr());
        debt.clear();
    }

    /** Settles a debt if there is one. */
    public void settleIfOwed(Cpu cpu, FlushDebt debt) {
        if (debt.isOwed()) {
            settle(cpu, debt);
        }
    }

    /**
     * Clears an entry and leaves no translation of it on any CPU of the mm, so that nothing is owed. Returns what it was.
     *
     * <p>Mirrors: ptep_clear_flush().
     * <p>Locks: ptl of the entry; interrupts enabled.
     */
    public long ptepClearFlush(Cpu cpu, MmStruct mm, long vaddr, long ptePaddr) {
        long pte = cpu.memory().exchange(ptePaddr, Pte.NONE);
        if (pteAccessible(mm, pte)) {
            flushTlbMmRange(cpu, mm, vaddr, vaddr + 4096, false);
            mm.notifiers().invalidateSecondaryTlbs(cpu, vaddr, vaddr + 4096);
        }
        return pte;
    }

    /**
     * False if no CPU can have a translation by this entry, so that nothing is owed for it.
     *
     * <p>Mirrors: pte_accessible(). Why: who made an entry PROT_NONE may not have flushed yet.
     */
    public boolean pteAccessible(MmStruct mm, long pte) {
        return !Pte.isProtnone(pte) || mm.tlbFlushPending() != 0;
    }

    /** Mirrors: flush_tlb_mm_range(). A structure flush of any size drops the paging-structure caches; so does one INVLPG. */
    private void flushTlbMmRange(Cpu cpu, MmStruct mm, long start, long end, boolean structure) {
        kernel.counters().add(cpu.id(), Counter.TLB_FLUSH, 1);
        boolean all = structure || (end - start) >>> 12 > SINGLE_PAGE_FLUSH_CEILING;
        cpu.step(Step.FLUSH, mm.id());
        long self = 1L << cpu.id();
        long mask = mm.cpumask();
        if ((mask & ~self) != 0) {
            onOthers(cpu, mask & ~self, target -> flushTlbFunc(target, mm, start, end, all));
        }
        if ((mask & self) != 0) {
            flushTlbFunc(cpu, mm, start, end, all);
        }
    }

    private void flushTlbFunc(Cpu cpu, MmStruct mm, long start, long end, boolean all) {
        if (loadedMm[cpu.id()] != mm) {
            return;
        }
        if (all) {
            cpu.movToCr3(cpu.cr3());
            return;
        }
        for (long vaddr = start; vaddr < end; vaddr += 4096) {
            cpu.invlpg(vaddr);
        }
    }

    private void onEachCpuOf(Cpu cpu, MmStruct mm, InterruptHandler handler) {
        cpu.step(Step.FLUSH, mm.id());
        long self = 1L << cpu.id();
        long mask = mm.cpumask();
        if ((mask & ~self) != 0) {
            onOthers(cpu, mask & ~self, handler);
        }
        if ((mask & self) != 0) {
            handler.handle(cpu);
        }
    }

    private void onOthers(Cpu cpu, long targets, InterruptHandler handler) {
        kernel.counters().add(cpu.id(), Counter.IPI, Long.bitCount(targets));
        IpiRequest request = cpu.machine().sendIpi(cpu, targets, handler);
        cpu.machine().awaitIpi(cpu, request);
    }
}
