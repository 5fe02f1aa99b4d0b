package dev.cowtable.mm.fork;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.notifier.MmuNotifiers;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The part of fork that is the same for all designs: VMAs, anon_vmas, locks, the one flush and the clean-up after a failure.
 *
 * <p>Mirrors: dup_mmap() (mm/mmap.c).
 * <p>Locks: parent's mmap_lock for writing, the child's nested; every VMA is write-locked before anything is read from it.
 * <p>Flush: the parent's CPUs once, before its mmap_lock is dropped. Differs: not if no entry lost a right.
 */
public final class DupMmap {
    private final Kernel kernel;

    public DupMmap(Kernel kernel) {
        this.kernel = kernel;
    }

    /** The child's address space, or null, with nothing left of it, if there is no memory. */
    public @Nullable MmStruct fork(Cpu cpu, MmStruct parent) {
        kernel.forkStrategy().require(cpu, parent, Operation.FORK, 0, Long.MAX_VALUE);
        MmStruct child = kernel.newMm(cpu);
        if (child == null) {
            return null;
        }
        parent.mmapWriteLock(cpu);
        child.mmapLock().downWriteNested(cpu);
        child.limits().copyFrom(parent.limits());
        ForkPass pass = new ForkPass(parent, child);
        int error = dupVmas(cpu, pass);
        kernel.tlbFlush().settleIfOwed(cpu, pass.debt());
        child.mmapWriteUnlock(cpu);
        parent.mmapWriteUnlock(cpu);
        kernel.counters().add(cpu.id(), Counter.FORK, 1);
        if (error != 0) {
            kernel.exitMmap(cpu, child);
            return null;
        }
        return child;
    }

    private int dupVmas(Cpu cpu, ForkPass pass) {
        VmAreaStruct[] sources = pass.parent().vmas();
        int error = 0;
        for (int i = 0; i < sources.length && error == 0; i++) {
            VmAreaStruct src = sources[i];
            src.startWrite(cpu);
            VmAreaStruct dst = src.has(VmFlags.DONTCOPY) ? null : dupVma(cpu, pass, src);
            pass.handled(dst);
            // From the table's start on, as a design may prepare a whole table with the last VMA in it.
            long start = src.start() & -PageTables.PMD_BYTES;
            MmuNotifiers notifiers = pass.parent().notifiers();
            notifiers.invalidateRangeStart(cpu, start, src.end(), MmuNotifier.Event.PROTECTION_PAGE);
            pass.parent().writeProtectSeq().writeBegin(cpu);
            error = kernel.forkStrategy().copyVma(cpu, pass, src, dst);
            pass.parent().writeProtectSeq().writeEnd(cpu);
            notifiers.invalidateRangeEnd(cpu, start, src.end(), MmuNotifier.Event.PROTECTION_PAGE);
        }
        return error;
    }

    /** The child's VMA, linked in the anon_vmas after the parent's, so that a racing rmap walk meets the parent first. */
    private VmAreaStruct dupVma(Cpu cpu, ForkPass pass, VmAreaStruct src) {
        MmStruct child = pass.child();
        VmAreaStruct dst = src.dup(child, kernel.lockdep());
        dst.setFlags(src.flags() & ~(VmFlags.LOCKED | VmFlags.LOCKONFAULT));
        if (!src.has(VmFlags.WIPEONFORK)) {
            kernel.rmap().anonVmaFork(cpu, dst, src);
        }
        if (dst.file() != null) {
            dst.file().linkAfter(cpu, dst, src);
        }
        VmAreaStruct[] grown = Arrays.copyOf(child.vmas(), child.vmas().length + 1);
        grown[grown.length - 1] = dst;
        child.setVmas(grown);
        return dst;
    }
}
