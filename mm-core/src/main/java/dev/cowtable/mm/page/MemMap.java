package dev.cowtable.mm.page;

import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of all page frames, struct-of-arrays by section, a section made when one of its frames is first used.
 *
 * <pre>
 * pfn = | section number | index in section (12 bits) |
 * Section: refcount[] mapcount[] flags[] generation[]   int
 *          index[] link[] next[] swap[]                 long
 *          mapping[]                                    object (AnonVma, AddressSpace or PtDesc)
 * </pre>
 *
 * <p>A page of a large folio names its folio's order in its flags, and as folios are naturally aligned, that names the head. References and
 * the folio lock are the head's, whichever of its pages a method is given; mapcount, AnonExclusive, mapping and index are each page's own.
 *
 * <p>Mirrors: struct page / struct folio (include/linux/mm_types.h), SPARSEMEM's mem_map.
 * <p>Differs: mapcount starts at 0, not -1; refcount and mapcount are separate words, as the races between them are a subject. DIRTY,
 * REFERENCED and MLOCKED of a large folio are kept by page; only reclaim looks at them, and it meets no large folio.
 * <p>Locks: counts and flags are changed by atomic operations only; mapping and index by the owner of the frame or under the folio lock.
 */
public final class MemMap {
    /** GUP_PIN_COUNTING_BIAS: what one pin of a small folio adds to its refcount. */
    public static final int PIN_BIAS = 1024;

    private static final int SECTION_SHIFT = 12;
    private static final int SECTION_PAGES = 1 << SECTION_SHIFT;
    private static final int SECTION_MASK = SECTION_PAGES - 1;
    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle OBJECTS = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final VarHandle SECTIONS = MethodHandles.arrayElementVarHandle(Section[].class);

    private static final class Section {
        final int[] refcount = new int[SECTION_PAGES];
        final int[] mapcount = new int[SECTION_PAGES];
        final int[] flags = new int[SECTION_PAGES];
        final int[] generation = new int[SECTION_PAGES];
        final long[] index = new long[SECTION_PAGES];
        final long[] link = new long[SECTION_PAGES];
        final long[] next = new long[SECTION_PAGES];
        final long[] swap = new long[SECTION_PAGES];
        final @Nullable Object[] mapping = new Object[SECTION_PAGES];
        /** By head; made with the first large folio of the section. */
        volatile @Nullable LargeFolio @Nullable [] folios;
    }

    private final @Nullable Section[] sections;
    private final long frames;
    /**
     * Set with the first large folio, so that until then no page's flags are looked at for its order. Plain, as who meets a page of a large
     * folio has read an entry that was written under a lock after this.
     */
    private boolean anyLarge;

    public MemMap(long frames) {
        this.frames = frames;
        this.sections = new Section[Math.toIntExact((frames + SECTION_PAGES - 1) >>> SECTION_SHIFT)];
    }

    public long frames() {
        return frames;
    }

    private Section section(long pfn) {
        Section section = sections[(int) (pfn >>> SECTION_SHIFT)];
        return section != null ? section : makeSection((int) (pfn >>> SECTION_SHIFT));
    }

    private Section makeSection(int number) {
        Section made = new Section();
        Section witness = (Section) SECTIONS.compareAndExchange(sections, number, null, made);
        return witness == null ? made : witness;
    }

    private static int at(long pfn) {
        return (int) pfn & SECTION_MASK;
    }

    // ---------------------------------------------------------------- large folios

    /** Where the counts of a page's folio are: at its head. The order does not change while the page is in use. */
    private int head(Section section, int at) {
        return anyLarge ? at & -(1 << (section.flags[at] >>> PageFlags.ORDER_SHIFT)) : at;
    }

    /** False as long as there has never been a large folio. */
    public boolean anyLarge() {
        return anyLarge;
    }

    /** The first page of the folio that a page belongs to: the page itself, if that is small. */
    public long folioHead(long pfn) {
        return anyLarge ? pfn & -(1L << (flags(pfn) >>> PageFlags.ORDER_SHIFT)) : pfn;
    }

    /** The order of a folio, given its head. */
    public int folioOrder(long pfn) {
        int flags = flags(pfn);
        return (flags & PageFlags.HEAD) != 0 ? 9 : flags >>> PageFlags.ORDER_SHIFT;
    }

    /** True for any page of a large folio: folio_test_large(page_folio(page)). */
    public boolean isLarge(long pfn) {
        return anyLarge && section(pfn).flags[at(pfn)] >>> PageFlags.ORDER_SHIFT != 0;
    }

    /** The large folio that a page belongs to. */
    public LargeFolio largeFolio(long pfn) {
        Section section = section(pfn);
        @Nullable LargeFolio @Nullable [] folios = section.folios;
        LargeFolio folio = folios == null ? null : folios[head(section, at(pfn))];
        if (folio == null) {
            throw new IllegalStateException("frame " + pfn + " belongs to no large folio");
        }
        return folio;
    }

    /**
     * Makes one folio of fresh pages: prep_compound_page().
     *
     * <p>Locks: zone lock.
     */
    void makeLarge(long headPfn, int order, Lockdep lockdep) {
        Section section = section(headPfn);
        @Nullable LargeFolio @Nullable [] folios = section.folios;
        if (folios == null) {
            folios = new LargeFolio[SECTION_PAGES];
            section.folios = folios;
        }
        folios[at(headPfn)] = new LargeFolio(headPfn, order, lockdep);
        anyLarge = true;
        for (long pfn = headPfn; pfn < headPfn + (1L << order); pfn++) {
            initFlags(pfn, order << PageFlags.ORDER_SHIFT);
        }
    }

    // ---------------------------------------------------------------- refcount

    /** The count as it is now, for observers of a machine at rest. */
    public int pageRefCount(long pfn) {
        Section section = section(pfn);
        return (int) INTS.getVolatile(section.refcount, head(section, at(pfn)));
    }

    /** The count as the kernel reads it while others change it. */
    public int pageRefCount(Cpu cpu, long pfn) {
        cpu.step(Step.COUNT, pfn);
        return pageRefCount(pfn);
    }

    /** Adds references and returns the count after it. */
    public int pageRefAdd(Cpu cpu, long pfn, int n) {
        cpu.step(Step.COUNT, pfn);
        Section section = section(pfn);
        return (int) INTS.getAndAdd(section.refcount, head(section, at(pfn)), n) + n;
    }

    /**
     * Takes references only if the frame is in use.
     *
     * <p>Mirrors: folio_ref_try_add() of try_get_folio().
     */
    public boolean pageRefAddUnlessZero(Cpu cpu, long pfn, int n) {
        cpu.step(Step.COUNT, pfn);
        Section section = section(pfn);
        int[] refcount = section.refcount;
        int head = head(section, at(pfn));
        while (true) {
            int count = (int) INTS.getVolatile(refcount, head);
            if (count == 0) {
                return false;
            }
            if (INTS.compareAndSet(refcount, head, count, count + n)) {
                return true;
            }
        }
    }

    /** Drops references; true if none is left, and the caller must free the page. */
    public boolean pageRefSubAndTest(Cpu cpu, long pfn, int n) {
        cpu.step(Step.COUNT, pfn);
        Section section = section(pfn);
        int after = (int) INTS.getAndAdd(section.refcount, head(section, at(pfn)), -n) - n;
        if (after < 0) {
            throw new IllegalStateException("refcount of frame " + pfn + " fell to " + after);
        }
        return after == 0;
    }

    /** Takes all references away if they are exactly so many, so that nobody can take another: folio_ref_freeze(). */
    public boolean pageRefFreeze(Cpu cpu, long pfn, int expected) {
        cpu.step(Step.COUNT, pfn);
        Section section = section(pfn);
        return INTS.compareAndSet(section.refcount, head(section, at(pfn)), expected, 0);
    }

    /** Gives frozen references back: folio_ref_unfreeze(). */
    public void pageRefUnfreeze(Cpu cpu, long pfn, int count) {
        cpu.step(Step.COUNT, pfn);
        setPageCount(pfn, count);
    }

    void setPageCount(long pfn, int count) {
        INTS.setVolatile(section(pfn).refcount, at(pfn), count);
    }

    /**
     * True if the page may be pinned; never false for a pinned page, but true as well for a page with many other references.
     *
     * <p>Mirrors: folio_maybe_dma_pinned(). A large folio counts its pins, so its answer is exact for the folio; which page is pinned it does
     * not know.
     */
    public boolean folioMaybeDmaPinned(Cpu cpu, long pfn) {
        if (isLarge(pfn)) {
            cpu.step(Step.COUNT, pfn);
            return largeFolio(pfn).pins() != 0;
        }
        return pageRefCount(cpu, pfn) >= PIN_BIAS;
    }

    // ---------------------------------------------------------------- mapcount

    public int mapcount(long pfn) {
        return (int) INTS.getVolatile(section(pfn).mapcount, at(pfn));
    }

    /** Adds to the mapcount and returns it as it is then. */
    public int mapcountAdd(Cpu cpu, long pfn, int n) {
        cpu.step(Step.COUNT, pfn);
        int after = (int) INTS.getAndAdd(section(pfn).mapcount, at(pfn), n) + n;
        if (after < 0) {
            throw new IllegalStateException("mapcount of frame " + pfn + " fell to " + after);
        }
        return after;
    }

    /**
     * Counts a page once more for a child: refcount, then AnonExclusive cleared if it is set, then mapcount; each an atomic
     * operation and a step of its own. Returns the page's flags as they were. The mappings of a large folio are the caller's to count.
     *
     * <p>Why: one look-up of the section for all, as fork does this for every page.
     */
    public int dupMapping(Cpu cpu, long pfn) {
        Section section = section(pfn);
        int at = at(pfn);
        cpu.step(Step.COUNT, pfn);
        INTS.getAndAdd(section.refcount, head(section, at), 1);
        return dupPage(cpu, section, at, pfn);
    }

    /**
     * As {@link #dupMapping} for consecutive pages of one large folio, with one operation for all references. Returns how many of them were
     * AnonExclusive.
     */
    public int dupMappings(Cpu cpu, long pfn, int n) {
        Section section = section(pfn);
        cpu.step(Step.COUNT, pfn);
        INTS.getAndAdd(section.refcount, head(section, at(pfn)), n);
        int exclusive = 0;
        for (int i = 0; i < n; i++) {
            int flags = dupPage(cpu, section, at(pfn) + i, pfn + i);
            exclusive += (flags & PageFlags.ANON_EXCLUSIVE) != 0 ? 1 : 0;
        }
        return exclusive;
    }

    private static int dupPage(Cpu cpu, Section section, int at, long pfn) {
        int flags = (int) INTS.getOpaque(section.flags, at);
        if ((flags & PageFlags.ANON_EXCLUSIVE) != 0) {
            cpu.step(Step.COUNT, pfn);
            INTS.getAndBitwiseAnd(section.flags, at, ~PageFlags.ANON_EXCLUSIVE);
        }
        cpu.step(Step.COUNT, pfn);
        INTS.getAndAdd(section.mapcount, at, 1);
        return flags;
    }

    // ---------------------------------------------------------------- flags

    /** The flags as they are now, for observers of a machine at rest and for flags that do not change while a page is in use. */
    public int flags(long pfn) {
        return (int) INTS.getVolatile(section(pfn).flags, at(pfn));
    }

    public boolean testFlag(long pfn, int flag) {
        return (flags(pfn) & flag) != 0;
    }

    /** The flags as the kernel reads them while others change them. */
    public int flags(Cpu cpu, long pfn) {
        cpu.step(Step.COUNT, pfn);
        return flags(pfn);
    }

    public void setFlag(Cpu cpu, long pfn, int flag) {
        cpu.step(Step.COUNT, pfn);
        INTS.getAndBitwiseOr(section(pfn).flags, at(pfn), flag);
    }

    public void clearFlag(Cpu cpu, long pfn, int flag) {
        cpu.step(Step.COUNT, pfn);
        INTS.getAndBitwiseAnd(section(pfn).flags, at(pfn), ~flag);
    }

    /** Sets a flag and tells whether it was set before; no scheduling point, as the caller has just passed one: a lock or a count. */
    public boolean testAndSetFlag(long pfn, int flag) {
        return ((int) INTS.getAndBitwiseOr(section(pfn).flags, at(pfn), flag) & flag) != 0;
    }

    /** Clears a flag and tells whether it was set before; no scheduling point. */
    public boolean testAndClearFlag(long pfn, int flag) {
        return ((int) INTS.getAndBitwiseAnd(section(pfn).flags, at(pfn), ~flag) & flag) != 0;
    }

    /** Sets all flags of a frame that the caller owns alone. */
    public void initFlags(long pfn, int flags) {
        INTS.setVolatile(section(pfn).flags, at(pfn), flags);
    }

    public boolean folioTrylock(Cpu cpu, long pfn) {
        cpu.step(Step.LOCK, pfn);
        Section section = section(pfn);
        int before = (int) INTS.getAndBitwiseOr(section.flags, head(section, at(pfn)), PageFlags.LOCKED);
        return (before & PageFlags.LOCKED) == 0;
    }

    /** Waits for the folio lock: folio_lock(). */
    public void folioLock(Cpu cpu, long pfn) {
        while (!folioTrylock(cpu, pfn)) {
            cpu.await(new FolioUnlocked(this, pfn));
        }
    }

    public void folioUnlock(Cpu cpu, long pfn) {
        cpu.step(Step.UNLOCK, pfn);
        Section section = section(pfn);
        INTS.getAndBitwiseAnd(section.flags, head(section, at(pfn)), ~PageFlags.LOCKED);
    }

    // ---------------------------------------------------------------- mapping, index, identity

    public @Nullable Object mapping(long pfn) {
        return OBJECTS.getAcquire(section(pfn).mapping, at(pfn));
    }

    public void setMapping(long pfn, @Nullable Object mapping) {
        OBJECTS.setRelease(section(pfn).mapping, at(pfn), mapping);
    }

    public long index(long pfn) {
        return section(pfn).index[at(pfn)];
    }

    public void setIndex(long pfn, long index) {
        section(pfn).index[at(pfn)] = index;
    }

    /** Predecessor in the list that the frame is on: a free list of the buddy allocator, or an LRU list. */
    public long link(long pfn) {
        return section(pfn).link[at(pfn)];
    }

    public void setLink(long pfn, long link) {
        section(pfn).link[at(pfn)] = link;
    }

    /** Successor in the LRU list that the frame is on. */
    public long next(long pfn) {
        return section(pfn).next[at(pfn)];
    }

    public void setNext(long pfn, long next) {
        section(pfn).next[at(pfn)] = next;
    }

    /** The swap entry of a page in the swap cache: folio->swap. */
    public long swap(long pfn) {
        return section(pfn).swap[at(pfn)];
    }

    public void setSwap(long pfn, long entry) {
        section(pfn).swap[at(pfn)] = entry;
    }

    /** Counts the allocations of a frame, so that (pfn, generation) names one page object. */
    public int generation(long pfn) {
        return section(pfn).generation[at(pfn)];
    }

    void nextGeneration(long pfn) {
        section(pfn).generation[at(pfn)]++;
    }

    /** False if no frame of the section has ever been used. */
    public boolean hasSection(long pfn) {
        return sections[(int) (pfn >>> SECTION_SHIFT)] != null;
    }

    /** First frame of the section after that of {@code pfn}. */
    public static long nextSection(long pfn) {
        return ((pfn >>> SECTION_SHIFT) + 1) << SECTION_SHIFT;
    }

    private record FolioUnlocked(MemMap memMap, long pfn) implements Waitable {
        @Override
        public boolean isReady() {
            return !memMap.testFlag(memMap.folioHead(pfn), PageFlags.LOCKED);
        }

        @Override
        public String describe() {
            return "lock of the folio in frame " + pfn;
        }
    }
}
