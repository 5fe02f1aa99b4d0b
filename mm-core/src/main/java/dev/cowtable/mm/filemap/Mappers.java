package dev.cowtable.mm.filemap;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.RwSemaphore;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The VMAs that map any of a file.
 *
 * <p>Mirrors: address_space::i_mmap.
 * <p>Locks: changed under the rwsem for writing. What the VMAs cover may have changed since, so a walk compares.
 * <p>Differs: a list in place of an interval tree, a child's VMA after its parent's.
 */
final class Mappers {
    private final RwSemaphore rwsem;
    /** Never changed after it was published. */
    private volatile VmAreaStruct[] vmas = new VmAreaStruct[0];

    Mappers(Lockdep lockdep) {
        this.rwsem = new RwSemaphore(lockdep, LockClass.I_MMAP);
    }

    RwSemaphore rwsem() {
        return rwsem;
    }

    VmAreaStruct[] vmas() {
        return vmas;
    }

    /** Adds a VMA right after another, or at the end. */
    void insert(Cpu cpu, VmAreaStruct vma, @Nullable VmAreaStruct after) {
        rwsem.downWrite(cpu);
        VmAreaStruct[] old = vmas;
        int at = after == null ? old.length : Arrays.asList(old).indexOf(after) + 1;
        VmAreaStruct[] grown = Arrays.copyOf(old, old.length + 1);
        System.arraycopy(old, at, grown, at + 1, old.length - at);
        grown[at] = vma;
        vmas = grown;
        rwsem.upWrite(cpu);
    }

    void remove(Cpu cpu, VmAreaStruct vma) {
        rwsem.downWrite(cpu);
        VmAreaStruct[] old = vmas;
        int at = Arrays.asList(old).indexOf(vma);
        VmAreaStruct[] shrunk = Arrays.copyOf(old, old.length - 1);
        System.arraycopy(old, at + 1, shrunk, at, old.length - at - 1);
        vmas = shrunk;
        rwsem.upWrite(cpu);
    }
}
