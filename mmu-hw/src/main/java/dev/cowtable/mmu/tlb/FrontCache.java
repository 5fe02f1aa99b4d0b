package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.mem.FrameReader;
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A direct-mapped cache of 4 KiB translations before the modelled TLB, for speed alone.
 *
 * <p>A tag is the page with the PCID in the offset bits. A slot holds the page's frame and, in the offset bits, one bit
 * per kind of access that needs no walk; without such a bit it is empty. One more bit says that the reader has the frame in its slot of the
 * same number, so that a load needs no look at the frame's address.
 *
 * <p>Invariant: a strict subset of the modelled TLB under the current mode; dropped with every eviction,
 * invalidation, replacement and mode change.
 */
public final class FrontCache {
    private static final int SLOTS = 1024;
    private static final long OFFSET = Paging.OFFSET_MASK;
    /** In place of the bit of a kind of access that nothing makes, a fetch that writes. */
    private static final long REMEMBERED = 1 << 11;
    private static final long ACCESSES = OFFSET & ~REMEMBERED;

    /** Shared and never stored to: the arrays of a cache that was never filled. */
    private static final long[] NO_SLOTS = new long[SLOTS];

    private @Nullable FrameReader reader;
    private long[] tags = NO_SLOTS;
    private long[] frames = NO_SLOTS;
    private long pcid;
    private long hits;
    private boolean allocated;
    private boolean holdsLargePages;

    /** From now {@link #load} loads, and from that memory; for a CPU without a store buffer. */
    public void loadFrom(PhysicalMemory memory) {
        reader = memory.reader(SLOTS);
    }

    void setPcid(int current) {
        pcid = current;
    }

    /** The physical address if the access is known to be allowed, else a negative number. */
    public long find(long vaddr, int access) {
        int slot = slot(vaddr);
        long frame = frames[slot];
        if (tags[slot] == tag(vaddr) && (frame & ACCESSES & bit(access)) != 0) {
            hits++;
            return (frame & ~OFFSET) | (vaddr & OFFSET);
        }
        return -1;
    }

    /** Loads an aligned word into {@code out1[0]} if the access is known to be allowed and there is a memory to load from, else not. */
    public boolean load(long vaddr, int access, long[] out1) {
        int slot = slot(vaddr);
        long frame = frames[slot];
        if (tags[slot] == tag(vaddr) && (frame & ACCESSES & bit(access)) != 0 && (frame & REMEMBERED) != 0
                && reader != null && reader.readAgain(slot, vaddr & OFFSET, out1)) {
            hits++;
            return true;
        }
        return loadFirst(vaddr, access, out1);
    }

    private boolean loadFirst(long vaddr, int access, long[] out1) {
        long paddr = reader == null ? -1 : find(vaddr, access);
        if (reader == null || paddr < 0) {
            return false;
        }
        int slot = slot(vaddr);
        if (reader.readFirst(slot, paddr, out1)) {
            frames[slot] |= REMEMBERED;
        }
        return true;
    }

    /** How often {@link #find} or {@link #load} has found. */
    public long hits() {
        return hits;
    }

    void put(long vaddr, long translation, int allowedAccesses) {
        if (!allocated) {
            allocated = true;
            tags = new long[SLOTS];
            frames = new long[SLOTS];
        }
        int slot = slot(vaddr);
        tags[slot] = tag(vaddr);
        frames[slot] = (Translation.paddr(translation, vaddr) & ~OFFSET) | (allowedAccesses & ACCESSES);
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

    private long tag(long vaddr) {
        return (vaddr & ~OFFSET) | pcid;
    }

    private static long bit(int access) {
        return 1L << ((access & Access.MASK) >>> 1);
    }

    private static int slot(long vaddr) {
        return (int) (vaddr >>> Paging.PAGE_SHIFT) & (SLOTS - 1);
    }
}
