package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Reverse mapping: which VMAs may map a page, and the counts that go with mapping one.
 *
 * <p>Mirrors: mm/rmap.c.
 * <p>Locks: anon_vma trees are changed under the family's root rwsem for writing; mapcount and AnonExclusive under the ptl of
 * the entry that they are changed for.
 */
public final class Rmap {
    private final Kernel kernel;
    private final MemMap memMap;
    private final AnonVmas anonVmas;

    public Rmap(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.anonVmas = new AnonVmas(kernel);
    }

    // ---------------------------------------------------------------- anon_vma of a VMA

    /**
     * Gives a VMA an anon_vma, a mergeable neighbour's or a new one.
     *
     * <p>Mirrors: __anon_vma_prepare().
     * <p>Locks: mmap_lock for reading at least, as neighbours are looked at; takes the root rwsem and page_table_lock.
     */
    public void anonVmaPrepare(Cpu cpu, VmAreaStruct vma) {
        anonVmas.anonVmaPrepare(cpu, vma);
    }

    /** Links {@code dst} to every anon_vma of {@code src}: anon_vma_clone(). */
    public void anonVmaClone(Cpu cpu, VmAreaStruct dst, VmAreaStruct src) {
        anonVmas.anonVmaClone(cpu, dst, src);
    }

    /** Attaches a child's VMA to its parent's anon_vmas and gives it one of its own: anon_vma_fork(). */
    public void anonVmaFork(Cpu cpu, VmAreaStruct vma, VmAreaStruct parentVma) {
        anonVmas.anonVmaFork(cpu, vma, parentVma);
    }

    /** Removes a VMA from all trees: unlink_anon_vmas(). */
    public void unlinkAnonVmas(Cpu cpu, VmAreaStruct vma) {
        anonVmas.unlinkAnonVmas(cpu, vma);
    }

    // ---------------------------------------------------------------- mapping a page

    /** Maps a fresh page for the one process that faulted: folio_add_new_anon_rmap() with RMAP_EXCLUSIVE. */
    public void folioAddNewAnonRmap(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        memMap.setIndex(pfn, vma.linearPageIndex(vaddr));
        memMap.setMapping(pfn, requireAnonVma(vma));
        memMap.initFlags(pfn, PageFlags.ANON | PageFlags.SWAPBACKED | PageFlags.ANON_EXCLUSIVE);
        memMap.mapcountAdd(cpu, pfn, 1);
    }

    /**
     * Maps all pages of a fresh large folio, the first at {@code vaddr}; the caller holds one reference for each.
     *
     * <p>Mirrors: folio_add_new_anon_rmap() with RMAP_EXCLUSIVE for a folio that is not PMD-mappable.
     */
    public void folioAddNewLargeAnonRmap(Cpu cpu, long headPfn, VmAreaStruct vma, long vaddr) {
        LargeFolio folio = memMap.largeFolio(headPfn);
        int pages = 1 << folio.order();
        for (int i = 0; i < pages; i++) {
            long pfn = headPfn + i;
            memMap.setIndex(pfn, vma.linearPageIndex(vaddr + i * 4096L));
            memMap.setMapping(pfn, requireAnonVma(vma));
            memMap.setFlag(cpu, pfn, PageFlags.ANON | PageFlags.SWAPBACKED | PageFlags.ANON_EXCLUSIVE);
            memMap.mapcountAdd(cpu, pfn, 1);
        }
        folio.addMappings(cpu, vma.mm().id(), pages);
    }

    /**
     * Maps a page of the swap cache, or one that a migration moved, once more; {@code exclusive} is RMAP_EXCLUSIVE.
     *
     * <p>A page just read from a device is anonymous from now on. It is not mlocked, whatever the VMA: only the callers that put a page on
     * the LRU themselves see to that.
     *
     * <p>Mirrors: folio_add_anon_rmap_pte(), and folio_add_new_anon_rmap() as do_swap_page() calls it.
     * <p>Locks: ptl of the entry; the folio lock, if the page is not yet anonymous.
     */
    public void folioAddAnonRmap(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, boolean exclusive) {
        boolean fresh = !memMap.testFlag(pfn, PageFlags.ANON);
        if (fresh) {
            AnonVma own = requireAnonVma(vma);
            memMap.setIndex(pfn, vma.linearPageIndex(vaddr));
            memMap.setMapping(pfn, exclusive ? own : own.root());
        }
        int gained = (fresh ? PageFlags.ANON | PageFlags.SWAPBACKED : 0) | (exclusive ? PageFlags.ANON_EXCLUSIVE : 0);
        if (gained != 0) {
            memMap.setFlag(cpu, pfn, gained);
        }
        memMap.mapcountAdd(cpu, pfn, 1);
        if (!fresh) {
            mlockVmaFolio(cpu, pfn, vma);
        }
    }

    /** Maps a page of the page cache: folio_add_file_rmap_pte(). */
    public void folioAddFileRmap(Cpu cpu, long pfn, VmAreaStruct vma) {
        memMap.mapcountAdd(cpu, pfn, 1);
        mlockVmaFolio(cpu, pfn, vma);
    }

    /** Takes one mapping away, and with it the VMA's mlock: folio_remove_rmap_pte(). */
    public void folioRemoveRmap(Cpu cpu, long pfn, VmAreaStruct vma) {
        folioRemoveRmap(cpu, pfn, vma.mm());
        if (vma.has(VmFlags.LOCKED)) {
            kernel.lru().munlockFolio(cpu, pfn);
        }
    }

    /**
     * As {@link #folioRemoveRmap(Cpu, long, VmAreaStruct)} for a VMA that is known not to be locked: a child's during fork.
     *
     * @param mm whose mapping it is, if that is known
     */
    public void folioRemoveRmap(Cpu cpu, long pfn, @Nullable MmStruct mm) {
        memMap.mapcountAdd(cpu, pfn, -1);
        if (memMap.isLarge(pfn)) {
            memMap.largeFolio(pfn).removeMappings(cpu, mm == null ? LargeFolio.NOBODY : mm.id(), 1);
        }
    }

    /**
     * Takes the mappings of consecutive pages of one large folio away: folio_remove_rmap_ptes().
     *
     * @param vma the VMA whose mlock goes with them, or null if that has gone before
     */
    public void folioRemoveRmaps(Cpu cpu, long pfn, int pages, MmStruct mm, @Nullable VmAreaStruct vma) {
        for (int i = 0; i < pages; i++) {
            memMap.mapcountAdd(cpu, pfn + i, -1);
        }
        memMap.largeFolio(pfn).removeMappings(cpu, mm.id(), pages);
        if (vma != null && vma.has(VmFlags.LOCKED)) {
            for (int i = 0; i < pages; i++) {
                kernel.lru().munlockFolio(cpu, pfn + i);
            }
        }
    }

    /** Marks the page mlocked if the VMA is: mlock_vma_folio(). A VMA with VM_IO is being locked just now and does that itself. */
    void mlockVmaFolio(Cpu cpu, long pfn, VmAreaStruct vma) {
        if (vma.has(VmFlags.LOCKED) && !vma.has(VmFlags.SPECIAL)) {
            kernel.lru().mlockFolio(cpu, pfn);
        }
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

    // ---------------------------------------------------------------- AnonExclusive

    /** True if fork must copy the page: folio_needs_cow_for_dma() on an exclusive page of an mm that has pinned pages. */
    public boolean isExclusiveAndMaybePinned(Cpu cpu, long pfn) {
        return (memMap.flags(cpu, pfn) & PageFlags.ANON_EXCLUSIVE) != 0 && memMap.folioMaybeDmaPinned(cpu, pfn);
    }

    /**
     * Clears AnonExclusive unless the page may be pinned; false, with nothing changed, if it may be.
     *
     * <p>Mirrors: folio_try_share_anon_rmap_pte(). Order: the caller has cleared the entry (A1); the pin is looked for (A2);
     * only then the mark goes (A3), and the caller sets a new entry (A4). GUP-fast pins, then reads the entry again, then looks for the mark.
     * <p>Locks: ptl of the entry.
     */
    public boolean folioTryShareAnonRmap(Cpu cpu, long pfn) {
        if (memMap.folioMaybeDmaPinned(cpu, pfn)) {
            return false;
        }
        memMap.clearFlag(cpu, pfn, PageFlags.ANON_EXCLUSIVE);
        return true;
    }

    // ---------------------------------------------------------------- walks

    /** Takes a VMA that may map a page, and where; false ends the walk. */
    @FunctionalInterface
    public interface Visitor {
        boolean visit(VmAreaStruct vma, long vaddr);
    }

    /**
     * Calls {@code visitor} with each VMA that may map the page and the address at which it would, parents before children.
     *
     * <p>Mirrors: rmap_walk().
     * <p>Locks: takes the root rwsem of the anon_vma, or i_mmap_rwsem of the file, for reading; the folio lock is the caller's.
     */
    public void walk(Cpu cpu, long pfn, Visitor visitor) {
        Object mapping = memMap.mapping(pfn);
        if (mapping instanceof AnonVma anonVma) {
            walkAnon(cpu, anonVma, memMap.index(pfn), visitor);
        } else if (mapping instanceof AddressSpace file) {
            file.walkMappings(cpu, memMap.index(pfn), visitor);
        }
    }

    private static void walkAnon(Cpu cpu, AnonVma anonVma, long index, Visitor visitor) {
        anonVma.rootLock().downRead(cpu);
        visitChains(anonVma, index, visitor);
        anonVma.rootLock().upRead(cpu);
    }

    private static void visitChains(AnonVma anonVma, long index, Visitor visitor) {
        for (AnonVmaChain chain : anonVma.chains()) {
            long vaddr = chain.vma().vmaAddress(index);
            if (chain.vma().contains(vaddr) && !visitor.visit(chain.vma(), vaddr)) {
                break;
            }
        }
    }

    /** As {@link #walk}, from within a walk for this page, whose lock is held already. */
    void walkAgain(long pfn, Visitor visitor) {
        Object mapping = memMap.mapping(pfn);
        if (mapping instanceof AnonVma anonVma) {
            visitChains(anonVma, memMap.index(pfn), visitor);
        } else if (mapping instanceof AddressSpace file) {
            file.visitMappings(memMap.index(pfn), visitor);
        }
    }

    /** Takes a VMA that may map an anonymous page, and where. */
    @FunctionalInterface
    public interface AnonVisitor {
        void visit(VmAreaStruct vma, long vaddr);
    }

    /** As {@link #walk}, for anonymous pages only and without an early end: rmap_walk_anon(). */
    public void walkAnon(Cpu cpu, long pfn, AnonVisitor visitor) {
        if (memMap.mapping(pfn) instanceof AnonVma anonVma) {
            walkAnon(cpu, anonVma, memMap.index(pfn), (vma, vaddr) -> {
                visitor.visit(vma, vaddr);
                return true;
            });
        }
    }
}
