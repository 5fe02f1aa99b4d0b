package dev.cowtable.mm;

import dev.cowtable.mm.fault.MemoryFault;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.filemap.Shmem;
import dev.cowtable.mm.fork.DupMmap;
import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.lru.Lru;
import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.page.PageRefs;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.reclaim.MadvisePages;
import dev.cowtable.mm.reclaim.Reclaim;
import dev.cowtable.mm.rmap.Rmap;
import dev.cowtable.mm.softdirty.SoftDirty;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.tlb.TlbFlush;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One booted kernel on one emulated machine, running one design: the parts of the memory management and what they share.
 *
 * <p>Everything that happens on a CPU takes that {@link Cpu} as its first argument; no part asks which Java thread it runs on.
 */
public final class Kernel {
    /** Largest order of a folio that is mapped by entries of one PTE table and not by a huge one. */
    public static final int MAX_ANON_FOLIO_ORDER = 8;

    private static final long FIRST_FREE_PFN = 1024;

    private final Machine machine;
    private final Lockdep lockdep;
    private final Counters counters;
    private final FailureInjection failures = new FailureInjection();
    private final MemMap memMap;
    private final PageAllocator pageAllocator;
    private final Swap swap;
    private final Lru lru;
    private final Shmem shmem;
    private final Reclaim reclaim;
    private final MadvisePages madvisePages;
    private final SoftDirty softDirty;
    private final PageTables pageTables;
    private final Rmap rmap;
    private final TlbFlush tlbFlush;
    private final MemoryFault fault;
    private final UserAccess userAccess;
    private final MemoryMap memoryMap;
    private final DupMmap dupMmap;
    private final ForkStrategy forkStrategy;
    private final GupStrategy gupStrategy;
    private final long zeroPfn;
    private final long initPgdPaddr;
    private final SpinLock mmlistLock;
    // mmlist_lock must be held when using these:
    private final List<MmStruct> mms = new ArrayList<>();
    private long nextMmId;
    private long peakTables;
    private volatile int anonFolioOrder;

    public Kernel(Machine machine, Design design) {
        this.machine = machine;
        Cpu boot = machine.cpu(0);
        lockdep = new Lockdep(machine.cpuCount());
        counters = new Counters(machine.cpuCount());
        memMap = new MemMap(machine.memory().frames());
        pageAllocator = new PageAllocator(memMap, machine.memory(), lockdep, counters, failures, FIRST_FREE_PFN);
        swap = new Swap(this);
        mmlistLock = new SpinLock(lockdep, LockClass.MMLIST_LOCK);
        lru = new Lru(this);
        shmem = new Shmem(this);
        swap.onSwapoff(shmem.swap()::unuse);
        pageTables = new PageTables(this);
        rmap = new Rmap(this);
        tlbFlush = new TlbFlush(this, machine.cpuCount());
        reclaim = new Reclaim(this);
        madvisePages = new MadvisePages(this);
        softDirty = new SoftDirty(this);
        fault = new MemoryFault(this);
        userAccess = new UserAccess(this);
        memoryMap = new MemoryMap(this);
        dupMmap = new DupMmap(this);
        zeroPfn = pageAllocator.allocZeroedPage(boot);
        memMap.initFlags(zeroPfn, PageFlags.RESERVED);
        initPgdPaddr = pageTables.pgdAlloc(boot);
        forkStrategy = design.createFork(this);
        gupStrategy = design.createGup(this);
    }

    public Machine machine() {
        return machine;
    }

    public Lockdep lockdep() {
        return lockdep;
    }

    public Counters counters() {
        return counters;
    }

    /** Where tests make allocations fail. */
    public FailureInjection failures() {
        return failures;
    }

    public MemMap memMap() {
        return memMap;
    }

    public PageAllocator pageAllocator() {
        return pageAllocator;
    }

    /** Swap areas, their slots and the swap cache. */
    public Swap swap() {
        return swap;
    }

    /** LRU lists and their per-CPU batches. */
    public Lru lru() {
        return lru;
    }

    /** Shared anonymous memory. */
    public Shmem shmem() {
        return shmem;
    }

    /** Taking pages back. */
    public Reclaim reclaim() {
        return reclaim;
    }

    /** MADV_COLD, MADV_PAGEOUT, MADV_FREE. */
    public MadvisePages madvisePages() {
        return madvisePages;
    }

    /** Tracking of written pages, off unless turned on. */
    public SoftDirty softDirty() {
        return softDirty;
    }

    public PageTables pageTables() {
        return pageTables;
    }

    public Rmap rmap() {
        return rmap;
    }

    public TlbFlush tlbFlush() {
        return tlbFlush;
    }

    public MemoryFault fault() {
        return fault;
    }

    public UserAccess userAccess() {
        return userAccess;
    }

    /** mmap, munmap, mprotect, madvise. */
    public MemoryMap memoryMap() {
        return memoryMap;
    }

    public ForkStrategy forkStrategy() {
        return forkStrategy;
    }

    public GupStrategy gupStrategy() {
        return gupStrategy;
    }

    /**
     * Lets write faults on anonymous memory take folios of 2^order pages where one fits; 0, the default, turns that off.
     *
     * <p>Mirrors: "always" in /sys/kernel/mm/transparent_hugepage/hugepages-*kB/enabled of one size below PMD order.
     */
    public void setAnonFolioOrder(int order) {
        if (order < 0 || order > MAX_ANON_FOLIO_ORDER) {
            throw new IllegalArgumentException(
                    "anonymous folios have order 0 to " + MAX_ANON_FOLIO_ORDER + ": " + order);
        }
        anonFolioOrder = order;
    }

    public int anonFolioOrder() {
        return anonFolioOrder;
    }

    /** The frame of the zero page. */
    public long zeroPfn() {
        return zeroPfn;
    }

    /** The top table of the kernel itself, without user mappings. */
    public long initPgdPaddr() {
        return initPgdPaddr;
    }

    // ---------------------------------------------------------------- address spaces

    /** Makes an empty address space, or returns null if there is no memory: mm_init(). */
    public @Nullable MmStruct newMm(Cpu cpu) {
        long pgdPaddr = pageTables.pgdAlloc(cpu);
        if (pgdPaddr == PageAllocator.NO_PAGE) {
            return null;
        }
        mmlistLock.lock(cpu);
        MmStruct mm = new MmStruct(nextMmId++, pgdPaddr, lockdep);
        mms.add(mm);
        mmlistLock.unlock(cpu);
        return mm;
    }

    /**
     * Duplicates an address space; the child's, or null with nothing left behind if there is no memory.
     *
     * <p>Mirrors: dup_mm().
     */
    public @Nullable MmStruct fork(Cpu cpu, MmStruct parent) {
        return dupMmap.fork(cpu, parent);
    }

    /**
     * Ends an address space: all mappings, tables and the mm itself.
     *
     * <p>Mirrors: mmput() with exit_mmap(). Never allocates, never fails.
     */
    public void exitMmap(Cpu cpu, MmStruct mm) {
        memoryMap.exitMmap(cpu, mm);
        tlbFlush.leaveMmEverywhere(cpu, mm);
        pageTables.pgdFree(cpu, mm.pgdPaddr());
        mmlistLock.lock(cpu);
        mms.remove(mm);
        mmlistLock.unlock(cpu);
    }

    /** The living address spaces, oldest first; a copy. */
    public List<MmStruct> mms() {
        return List.copyOf(mms);
    }

    // ---------------------------------------------------------------- pages and tables

    /** Drops one reference and frees the page with the last. */
    public void putPage(Cpu cpu, long pfn) {
        putPages(cpu, pfn, 1);
    }

    /** Drops references on one page's folio: folio_put_refs(). */
    public void putPages(Cpu cpu, long pfn, int references) {
        if (!memMap.testFlag(pfn, PageFlags.RESERVED) && memMap.pageRefSubAndTest(cpu, pfn, references)) {
            long head = memMap.folioHead(pfn);
            lru.pageCacheRelease(cpu, head);
            pageAllocator.freePages(cpu, head, memMap.folioOrder(head));
        }
    }

    /** Drops references as {@link PageRefs} names them, taking the lock of the LRU lists once; {@code refs} is overwritten. */
    public void putPages(Cpu cpu, long[] refs, int count) {
        int unused = 0;
        for (int i = 0; i < count; i++) {
            long pfn = PageRefs.pfn(refs[i]);
            if (!memMap.testFlag(pfn, PageFlags.RESERVED)
                    && memMap.pageRefSubAndTest(cpu, pfn, PageRefs.count(refs[i]))) {
                refs[unused++] = memMap.folioHead(pfn);
            }
        }
        lru.pageCacheRelease(cpu, refs, unused);
        for (int i = 0; i < unused; i++) {
            pageAllocator.freePages(cpu, refs[i], memMap.folioOrder(refs[i]));
        }
    }

    /** The counter of an mm under which a page stands: mm_counter(). */
    public Rss rssKind(long pfn) {
        int flags = memMap.flags(pfn);
        if ((flags & PageFlags.ANON) != 0) {
            return Rss.ANONPAGES;
        }
        return (flags & PageFlags.SHMEM) != 0 ? Rss.SHMEMPAGES : Rss.FILEPAGES;
    }

    /** Counts a new page of page tables. */
    public void tableAllocated(Cpu cpu) {
        counters.add(cpu.id(), Counter.TABLE_ALLOC, 1);
        peakTables = Math.max(peakTables, pageTables.physicalTables());
    }

    public void tableFreed(Cpu cpu) {
        counters.add(cpu.id(), Counter.TABLE_FREE, 1);
    }

    /** Largest number of page-table pages that existed at one time, since {@link #resetPeakTables}. */
    public long peakTables() {
        return peakTables;
    }

    public void resetPeakTables() {
        peakTables = pageTables.physicalTables();
    }
}
