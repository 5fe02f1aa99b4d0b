package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import java.util.Arrays;

/**
 * A direct-mapped cache of 4 KiB translations before the modelled TLB, for speed alone.
 *
 * <p>A tag is the page with the PCID in the offset bits. A slot holds the page's frame and, in the offset bits, one bit
 * per kind of access that needs no walk; without such a bit it is empty.
 *
 * <p>Invariant: a strict subset of the modelled TLB under the current mode; dropped with every eviction,
 * invalidation, replacement and mode change.
 */
final class FrontCache {
    private static final int SLOTS = 1024;
    private static final long OFFSET = Paging.OFFSET_MASK;

    /** Shared and never stored to: the arrays of a cache that was never filled. */
    private static final long[] NO_SLOTS = new long[SLOTS];

    private long[] tags = NO_SLOTS;
    private long[] frames = NO_SLOTS;
    private long pcid;
    private long hits;
    private boolean allocated;
    private boolean holdsLargePages;

    void setPcid(int current) {
        pcid = current;
    }

    /** The physical address if the access is known to be allowed, else a negative number. */
    long find(long vaddr, int access) {
        int slot = slot(vaddr);
        long frame = frames[slot];
        if (tags[slot] == ((vaddr & ~OFFSET) | pcid)
                && (frame & OFFSET & (1L << ((access & Access.MASK) >>> 1))) != 0) {
            hits++;
            return (frame & ~OFFSET) | (vaddr & OFFSET);
        }
        return -1;
    }

    /** How often {@link #find} has found. */
    long hits() {
        return hits;
    }

    void put(long vaddr, long translation, int allowedAccesses) {
        if (!allocated) {
            allocated = true;
            tags = new long[SLOTS];
            frames = new long[SLOTS];
        }
        int slot = slot(vaddr);
        tags[slot] = (vaddr & ~OFFSET) | pcid;
        frames[slot] = (Translation.paddr(translation, vaddr) & ~OFFSET) | (allowedAccesses & OFFSET);
        holdsLargePages |= Translation.level(translation) > 1;
    }

    /** Forgets the page of the given level that holds the address, under every PCID. */
    void drop(long vaddr, int level) {
        if (level == 1) {
            dropSmall(vaddr);
        } else if (holdsLargePages) {
            clear();
        }
    }

    private void dropSmall(long vaddr) {
        int slot = slot(vaddr);
        if (allocated && ((tags[slot] ^ vaddr) & ~OFFSET) == 0) {
            frames[slot] = 0;
        }
    }

    void clear() {
        if (allocated) {
            Arrays.fill(frames, 0);
        }
        holdsLargePages = false;
    }

    private static int slot(long vaddr) {
        return (int) (vaddr >>> Paging.PAGE_SHIFT) & (SLOTS - 1);
    }
}
