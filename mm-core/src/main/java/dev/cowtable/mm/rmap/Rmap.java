package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reverse mapping: which VMAs may map an anonymous page, and the counts that go with mapping one.
 *
 * <p>A VMA is linked to its own anon_vma and to those of all its ancestors; a page belongs to the anon_vma of the process
 * that made it, so a walk from the page meets that process and all its descendants, parents first.
 *
 * <p>Mirrors: mm/rmap.c.
 * <p>Locks: anon_vma trees are changed under the family's root rwsem for writing; mapcount and AnonExclusive under the ptl of
 * the entry that they are changed for.
 */
public final class Rmap {
    private final Kernel kernel;
    private final MemMap memMap;

    public Rmap(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
    }

    // ---------------------------------------------------------------- anon_vma of a VMA

    /**
     * Gives a VMA an anon_vma, a mergeable neighbour's or a new one.
     *
     * <p>Mirrors: __anon_vma_prepare().
     * <p>Locks: mmap_lock for reading at least, as neighbours are looked at; takes the root rwsem and page_table_lock.
     */
    public void anonVmaPrepare(Cpu cpu, VmAreaStruct vma) {
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
                && ((low.flags() ^ high.flags()) & ~VmFlags.ACCESS_FLAGS) == 0
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
    public void anonVmaClone(Cpu cpu, VmAreaStruct dst, VmAreaStruct src) {
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
    public void anonVmaFork(Cpu cpu, VmAreaStruct vma, VmAreaStruct parentVma) {
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
    public void unlinkAnonVmas(Cpu cpu, VmAreaStruct vma) {
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

    // ---------------------------------------------------------------- pages

    /** Maps a new page for the one process that faulted: folio_add_new_anon_rmap() with RMAP_EXCLUSIVE. */
    public void folioAddNewAnonRmap(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        memMap.setIndex(pfn, vma.linearPageIndex(vaddr));
        memMap.setMapping(pfn, requireAnonVma(vma));
        memMap.initFlags(pfn, PageFlags.ANON | PageFlags.SWAPBACKED | PageFlags.ANON_EXCLUSIVE);
        memMap.mapcountAdd(cpu, pfn, 1);
    }

    /** A page proven to be this VMA's alone moves to the VMA's own anon_vma: folio_move_anon_rmap(). */
    public void folioMoveAnonRmap(long pfn, VmAreaStruct vma) {
        memMap.setMapping(pfn, requireAnonVma(vma));
    }

    private static AnonVma requireAnonVma(VmAreaStruct vma) {
        AnonVma anonVma = vma.anonVma();
        if (anonVma == null) {
            throw new IllegalStateException(vma + " maps an anonymous page and has no anon_vma");
        }
        return anonVma;
    }

    /** True if fork must copy the page: folio_needs_cow_for_dma() on an exclusive page of an mm that has pinned pages. */
    public boolean isExclusiveAndMaybePinned(Cpu cpu, long pfn) {
        return (memMap.flags(cpu, pfn) & PageFlags.ANON_EXCLUSIVE) != 0 && memMap.folioMaybeDmaPinned(cpu, pfn);
    }

    public void folioRemoveRmap(Cpu cpu, long pfn) {
        memMap.mapcountAdd(cpu, pfn, -1);
    }

    /** Takes a VMA that may map a page, and where. */
    @FunctionalInterface
    public interface AnonVisitor {
        void visit(VmAreaStruct vma, long vaddr);
    }

    /**
     * Calls {@code visitor} with each VMA that may map the page and the address at which it would.
     *
     * <p>Mirrors: rmap_walk_anon().
     * <p>Locks: takes the root rwsem for reading.
     */
    public void walkAnon(Cpu cpu, long pfn, AnonVisitor visitor) {
        if (!(memMap.mapping(pfn) instanceof AnonVma anonVma)) {
            return;
        }
        anonVma.rootLock().downRead(cpu);
        long index = memMap.index(pfn);
        for (AnonVmaChain chain : anonVma.chains()) {
            long vaddr = chain.vma().vmaAddress(index);
            if (chain.vma().contains(vaddr)) {
                visitor.visit(chain.vma(), vaddr);
            }
        }
        anonVma.rootLock().upRead(cpu);
    }
}
