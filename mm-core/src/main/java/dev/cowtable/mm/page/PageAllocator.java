package dev.cowtable.mm.page;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.Arrays;

/**
 * The buddy allocator, orders 0 to 10, handing out ascending frames of a fresh memory.
 *
 * <p>Blocks of the highest order that were never used are not listed: they are all frames from {@code freshPfn} on, so a large
 * machine costs nothing.
 *
 * <p>Mirrors: __rmqueue_smallest(), expand(), __free_one_page() (mm/page_alloc.c).
 * <p>Locks: takes the zone lock.
 * <p>Differs: one zone, no per-CPU lists, no watermarks.
 */
public final class PageAllocator {
    public static final int MAX_ORDER = 10;
    /** What an allocation returns when there is no memory. */
    public static final long NO_PAGE = -1;

    private static final long NIL = -1;

    private final MemMap memMap;
    private final PhysicalMemory memory;
    private final Counters counters;
    private final FailureInjection failures;
    private final Lockdep lockdep;
    private final SpinLock zoneLock;
    // zone lock must be held when using these:
    private final long[] freeHead = new long[MAX_ORDER + 1];
    private long freshPfn;
    private long freePages;

    public PageAllocator(MemMap memMap, PhysicalMemory memory, Lockdep lockdep, Counters counters,
            FailureInjection failures, long firstPfn) {
        this.memMap = memMap;
        this.memory = memory;
        this.counters = counters;
        this.failures = failures;
        this.lockdep = lockdep;
        this.zoneLock = new SpinLock(lockdep, LockClass.ZONE_LOCK);
        Arrays.fill(freeHead, NIL);
        this.freshPfn = alignUp(firstPfn);
        this.freePages = (memMap.frames() - freshPfn) & -(1L << MAX_ORDER);
    }

    private static long alignUp(long pfn) {
        return (pfn + (1L << MAX_ORDER) - 1) & -(1L << MAX_ORDER);
    }

    /** Allocates one page with undefined content and refcount 1, or {@link #NO_PAGE}. */
    public long allocPage(Cpu cpu) {
        return allocPages(cpu, 0);
    }

    /** Allocates one page of zeros, or {@link #NO_PAGE}. */
    public long allocZeroedPage(Cpu cpu) {
        long pfn = allocPages(cpu, 0);
        if (pfn != NO_PAGE) {
            memory.fillFrame(pfn, 0);
        }
        return pfn;
    }

    /** Allocates 2^order contiguous pages, refcount 1 on the first, or {@link #NO_PAGE}. */
    public long allocPages(Cpu cpu, int order) {
        return alloc(cpu, order, false);
    }

    /**
     * Allocates one folio of 2^order pages with undefined content and refcount 1, or {@link #NO_PAGE}; returns its head.
     *
     * <p>Mirrors: folio_alloc() with __GFP_COMP.
     */
    public long allocFolio(Cpu cpu, int order) {
        return alloc(cpu, order, order != 0);
    }

    private long alloc(Cpu cpu, int order, boolean large) {
        if (failures.shouldFail(cpu)) {
            return NO_PAGE;
        }
        zoneLock.lock(cpu);
        long pfn = rmqueue(order);
        if (pfn != NO_PAGE) {
            prepNewPage(pfn, order, large);
        }
        zoneLock.unlock(cpu);
        if (pfn != NO_PAGE) {
            counters.add(cpu.id(), Counter.PAGE_ALLOC, 1L << order);
        }
        return pfn;
    }

    private void prepNewPage(long pfn, int order, boolean large) {
        for (long p = pfn; p < pfn + (1L << order); p++) {
            memMap.initFlags(p, 0);
            memMap.nextGeneration(p);
        }
        if (large) {
            memMap.makeLarge(pfn, order, lockdep);
        }
        memMap.setPageCount(pfn, 1);
    }

    private long rmqueue(int order) {
        for (int from = order; from <= MAX_ORDER; from++) {
            if (freeHead[from] != NIL) {
                long pfn = freeHead[from];
                unlink(pfn, from);
                return expand(pfn, from, order);
            }
        }
        if (freshPfn + (1L << MAX_ORDER) > memMap.frames()) {
            return NO_PAGE;
        }
        long pfn = freshPfn;
        freshPfn += 1L << MAX_ORDER;
        return expand(pfn, MAX_ORDER, order);
    }

    /** Gives the upper halves back until the block has the wanted order. */
    private long expand(long pfn, int from, int order) {
        for (int high = from - 1; high >= order; high--) {
            link(pfn + (1L << high), high);
        }
        freePages -= 1L << order;
        return pfn;
    }

    /** Frees a page whose last reference was dropped. */
    public void freePage(Cpu cpu, long pfn) {
        freePages(cpu, pfn, 0);
    }

    public void freePages(Cpu cpu, long pfn, int order) {
        checkFree(pfn, order);
        zoneLock.lock(cpu);
        boolean freedTwice = isInFreeBlock(pfn);
        if (!freedTwice) {
            freePages += 1L << order;
            freeOne(pfn, order);
        }
        zoneLock.unlock(cpu);
        if (freedTwice) {
            throw new IllegalStateException("frame " + pfn + " is freed twice: it lies in a free block");
        }
    }

    /**
     * Takes one free frame out of its block with refcount 1, for good; false if it is not free.
     *
     * <p>Mirrors: take_page_off_buddy().
     */
    public boolean takePageOffBuddy(Cpu cpu, long pfn) {
        zoneLock.lock(cpu);
        int order = 0;
        while (order <= MAX_ORDER && !isFreeBlock(pfn & -(1L << order), order)) {
            order++;
        }
        boolean taken = order <= MAX_ORDER;
        if (taken) {
            breakDown(pfn, order);
            freePages--;
            memMap.initFlags(pfn, 0);
            memMap.setPageCount(pfn, 1);
        }
        zoneLock.unlock(cpu);
        return taken;
    }

    /** Lists the halves of a free block around one frame: break_down_buddy_pages(). */
    private void breakDown(long pfn, int order) {
        long head = pfn & -(1L << order);
        unlink(head, order);
        for (int half = order - 1; half >= 0; half--) {
            long upper = head + (1L << half);
            link(pfn >= upper ? head : upper, half);
            head = pfn >= upper ? upper : head;
        }
    }

    private void checkFree(long pfn, int order) {
        for (long p = pfn; p < pfn + (1L << order); p++) {
            if (memMap.mapcount(p) != 0 || memMap.pageRefCount(p) != 0) {
                throw new IllegalStateException("frame " + p + " is freed with refcount " + memMap.pageRefCount(p)
                        + " and mapcount " + memMap.mapcount(p));
            }
            if (memMap.testFlag(p, PageFlags.RESERVED | PageFlags.BUDDY)) {
                throw new IllegalStateException("frame " + p + " is freed twice or reserved");
            }
            memMap.setMapping(p, null);
            memMap.initFlags(p, 0);
        }
    }

    private boolean isInFreeBlock(long pfn) {
        for (int order = 1; order <= MAX_ORDER; order++) {
            long head = pfn & -(1L << order);
            if (memMap.testFlag(head, PageFlags.BUDDY) && buddyOrder(head) >= order) {
                return true;
            }
        }
        return false;
    }

    private void freeOne(long freedPfn, int freedOrder) {
        long pfn = freedPfn;
        int order = freedOrder;
        while (order < MAX_ORDER) {
            long buddy = pfn ^ (1L << order);
            if (!isFreeBlock(buddy, order)) {
                break;
            }
            unlink(buddy, order);
            pfn &= ~(1L << order);
            order++;
        }
        link(pfn, order);
    }

    private boolean isFreeBlock(long pfn, int order) {
        return pfn < freshPfn && memMap.testFlag(pfn, PageFlags.BUDDY) && buddyOrder(pfn) == order;
    }

    // A free block's head keeps | next pfn + 1 (48 bits) | order (16 bits) | in index and its predecessor in link.
    private int buddyOrder(long pfn) {
        return (int) memMap.index(pfn) & 0xffff;
    }

    private long next(long pfn) {
        return (memMap.index(pfn) >>> 16) - 1;
    }

    private void link(long pfn, int order) {
        long head = freeHead[order];
        memMap.initFlags(pfn, PageFlags.BUDDY);
        memMap.setIndex(pfn, (head + 1) << 16 | order);
        memMap.setLink(pfn, NIL);
        if (head != NIL) {
            memMap.setLink(head, pfn);
        }
        freeHead[order] = pfn;
    }

    private void unlink(long pfn, int order) {
        long next = next(pfn);
        long previous = memMap.link(pfn);
        if (previous == NIL) {
            freeHead[order] = next;
        } else {
            memMap.setIndex(previous, (next + 1) << 16 | order);
        }
        if (next != NIL) {
            memMap.setLink(next, previous);
        }
        memMap.initFlags(pfn, 0);
    }

    public long freePageCount() {
        return freePages;
    }

    /** First frame that no allocation has ever touched. */
    public long freshPfn() {
        return freshPfn;
    }
}
