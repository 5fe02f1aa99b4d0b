package dev.cowtable.mm.lru;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The lists of evictable folios, and the count of those that are not.
 *
 * <p>The lists are circular through the frames' link words; the heads stand in those of the first frames, which are never handed out.
 * An unevictable folio is on no list: its {@code next} word counts the locked VMAs that map it (folio->mlock_count).
 *
 * <p>Mirrors: struct lruvec, include/linux/mm_inline.h.
 * <p>Locks: lru_lock for all but {@link #count}.
 */
final class LruLists {
    private static final int INACTIVE_ANON = LruList.INACTIVE_ANON.ordinal();
    private static final int INACTIVE_FILE = LruList.INACTIVE_FILE.ordinal();
    private static final int UNEVICTABLE = LruList.UNEVICTABLE.ordinal();

    private final MemMap memMap;
    private final SpinLock lruLock;
    // lru_lock must be held when using these:
    private final long[] counts = new long[UNEVICTABLE + 1];

    LruLists(Kernel kernel) {
        this.memMap = kernel.memMap();
        this.lruLock = new SpinLock(kernel.lockdep(), LockClass.LRU_LOCK);
        for (int list = 0; list < UNEVICTABLE; list++) {
            memMap.setLink(list, list);
            memMap.setNext(list, list);
        }
    }

    void lock(Cpu cpu) {
        lruLock.lock(cpu);
    }

    void unlock(Cpu cpu) {
        lruLock.unlock(cpu);
    }

    /** The list that a folio with these flags belongs to: folio_lru_list(). */
    private static int listOf(int flags) {
        if ((flags & PageFlags.UNEVICTABLE) != 0) {
            return UNEVICTABLE;
        }
        int base = (flags & PageFlags.SWAPBACKED) != 0 ? INACTIVE_ANON : INACTIVE_FILE;
        return (flags & PageFlags.ACTIVE) != 0 ? base + 1 : base;
    }

    /** Puts a folio at the young end of its list: lruvec_add_folio(). */
    void add(long pfn) {
        int list = listOf(memMap.flags(pfn));
        counts[list]++;
        if (list != UNEVICTABLE) {
            long first = memMap.next(list);
            memMap.setNext(pfn, first);
            memMap.setLink(pfn, list);
            memMap.setLink(first, pfn);
            memMap.setNext(list, pfn);
        }
    }

    /** Puts an evictable folio at the old end of its list, where reclaim looks first: lruvec_add_folio_tail(). */
    void addTail(long pfn) {
        int list = listOf(memMap.flags(pfn));
        counts[list]++;
        long last = memMap.link(list);
        memMap.setLink(pfn, last);
        memMap.setNext(pfn, list);
        memMap.setNext(last, pfn);
        memMap.setLink(list, pfn);
    }

    /** Takes a folio off its list: lruvec_del_folio(). */
    void del(long pfn) {
        int list = listOf(memMap.flags(pfn));
        counts[list]--;
        if (list != UNEVICTABLE) {
            memMap.setNext(memMap.link(pfn), memMap.next(pfn));
            memMap.setLink(memMap.next(pfn), memMap.link(pfn));
        }
    }

    /** Takes a folio off its list if it is on one, for good. */
    void release(long pfn) {
        if (memMap.testAndClearFlag(pfn, PageFlags.LRU)) {
            del(pfn);
        }
    }

    /** The folio at the old end of a list, or a negative number if the list is empty. */
    long last(int list) {
        if (list == UNEVICTABLE) {
            return -1;
        }
        long pfn = memMap.link(list);
        return pfn == list ? -1 : pfn;
    }

    /** The folio before another on a list, towards the young end, or a negative number. */
    long before(int list, long pfn) {
        long previous = memMap.link(pfn);
        return previous == list ? -1 : previous;
    }

    long count(int list) {
        return counts[list];
    }

    long mlockCount(long pfn) {
        return memMap.next(pfn);
    }

    void setMlockCount(long pfn, long count) {
        memMap.setNext(pfn, count);
    }
}
