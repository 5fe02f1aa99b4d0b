package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How VMAs come to and leave anon_vmas.
 *
 * <p>A VMA is linked to its own anon_vma and to those of all its ancestors; a page belongs to the anon_vma of the process
 * that made it, so a walk from the page meets that process and all its descendants, parents first.
 *
 * <p>Mirrors: the first half of mm/rmap.c.
 * <p>Locks: trees are changed under the family's root rwsem for writing.
 */
final class AnonVmas {
    private final Kernel kernel;

    AnonVmas(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Gives a VMA an anon_vma, a mergeable neighbour's or a new one.
     *
     * <p>Mirrors: __anon_vma_prepare().
     * <p>Locks: mmap_lock for reading at least, as neighbours are looked at; takes the root rwsem and page_table_lock.
     */
    void anonVmaPrepare(Cpu cpu, VmAreaStruct vma) {
        if (vma.anonVma() != null) {
            return;
        }
        vma.mm().mmapLock().assertHeld();
        AnonVma found = findMergeableAnonVma(vma);
        AnonVma anonVma = found != null ? found : new AnonVma(kernel.lockdep());
        anonVma.rootLock().downWrite(cpu);
        vma.mm().pageTableLock().lock(cpu);
        if (vma.anonVma() == null) {
            vma.setAnonVma(anonVma);
            link(vma, anonVma);
            anonVma.numActiveVmas++;
        }
        vma.mm().pageTableLock().unlock(cpu);
        anonVma.rootLock().upWrite(cpu);
    }

    private static @Nullable AnonVma findMergeableAnonVma(VmAreaStruct vma) {
        MmStruct mm = vma.mm();
        VmAreaStruct next = mm.findVma(vma.end());
        AnonVma found = next == null ? null : reusableAnonVma(next, vma, next);
        if (found != null) {
            return found;
        }
        VmAreaStruct previous = mm.previousVma(vma.start());
        return previous == null ? null : reusableAnonVma(previous, previous, vma);
    }

    /** The anon_vma of {@code old} if {@code low} and {@code high} could be one VMA but for their access rights. */
    private static @Nullable AnonVma reusableAnonVma(VmAreaStruct old, VmAreaStruct low, VmAreaStruct high) {
        boolean compatible = low.end() == high.start() && low.file() == high.file()
                && ((low.flags() ^ high.flags()) & ~(VmFlags.ACCESS_FLAGS | VmFlags.STICKY)) == 0
                && high.pgoff() == low.pgoff() + ((high.start() - low.start()) >> 12);
        return compatible && old.anonVmaChain().size() == 1 ? old.anonVma() : null;
    }

    private static void link(VmAreaStruct vma, AnonVma anonVma) {
        AnonVmaChain chain = new AnonVmaChain(vma, anonVma);
        vma.anonVmaChain().addFirst(chain);
        anonVma.chains().add(chain);
    }

    /**
     * Links {@code dst} to every anon_vma of {@code src}, oldest first. A destination without anon_vma (fork) may take over one
     * that no VMA uses any more.
     *
     * <p>Mirrors: anon_vma_clone(). The reuse rule wants fewer than two children and no active VMA; a root never qualifies.
     */
    void anonVmaClone(Cpu cpu, VmAreaStruct dst, VmAreaStruct src) {
        AnonVma srcAnonVma = src.anonVma();
        if (srcAnonVma == null) {
            return;
        }
        srcAnonVma.rootLock().downWrite(cpu);
        List<AnonVmaChain> sources = src.anonVmaChain();
        for (int i = sources.size() - 1; i >= 0; i--) {
            AnonVma anonVma = sources.get(i).anonVma();
            link(dst, anonVma);
            if (dst.anonVma() == null && anonVma.numChildren < 2 && anonVma.numActiveVmas == 0) {
                dst.setAnonVma(anonVma);
            }
        }
        AnonVma own = dst.anonVma();
        if (own != null) {
            own.numActiveVmas++;
        }
        srcAnonVma.rootLock().upWrite(cpu);
    }

    /**
     * Attaches a child's VMA to its parent's anon_vmas and gives it one of its own.
     *
     * <p>Mirrors: anon_vma_fork().
     */
    void anonVmaFork(Cpu cpu, VmAreaStruct vma, VmAreaStruct parentVma) {
        AnonVma parent = parentVma.anonVma();
        if (parent == null) {
            return;
        }
        vma.setAnonVma(null);
        anonVmaClone(cpu, vma, parentVma);
        if (vma.anonVma() != null) {
            return;
        }
        AnonVma own = new AnonVma(kernel.lockdep(), parent);
        own.rootLock().downWrite(cpu);
        own.numActiveVmas++;
        parent.numChildren++;
        vma.setAnonVma(own);
        link(vma, own);
        own.rootLock().upWrite(cpu);
    }

    /**
     * Removes a VMA from all trees; an anon_vma left empty gives up its place among its parent's children.
     *
     * <p>Mirrors: unlink_anon_vmas().
     */
    void unlinkAnonVmas(Cpu cpu, VmAreaStruct vma) {
        AnonVma active = vma.anonVma();
        if (vma.anonVmaChain().isEmpty()) {
            return;
        }
        AnonVma root = vma.anonVmaChain().getFirst().anonVma().root();
        root.rootLock().downWrite(cpu);
        for (AnonVmaChain chain : vma.anonVmaChain()) {
            AnonVma anonVma = chain.anonVma();
            anonVma.chains().remove(chain);
            if (anonVma.chains().isEmpty()) {
                leaveParent(anonVma);
            }
        }
        vma.anonVmaChain().clear();
        if (active != null) {
            active.numActiveVmas--;
            vma.setAnonVma(null);
        }
        root.rootLock().upWrite(cpu);
    }

    private static void leaveParent(AnonVma anonVma) {
        AnonVma parent = anonVma.parent();
        if (parent != null) {
            parent.numChildren--;
        } else {
            anonVma.numChildren--;
        }
    }
}
