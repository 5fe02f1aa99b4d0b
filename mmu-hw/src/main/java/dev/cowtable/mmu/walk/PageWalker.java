package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.tlb.PagingStructureCache;
import dev.cowtable.mmu.tlb.Translation;

/**
 * Walks the paging structures in memory for one CPU.
 *
 * <p>Order of a walk, which fixes the error code: (1) from the root, or from the deepest cached structure entry, down;
 * at each level P=0 faults first, then reserved bits; (2) the rights of the whole path; (3) A in every entry used and
 * D in the leaf of a write, each by compare-and-exchange; an entry that changed since it was read starts the walk
 * again; (4) the structure entries used go into the cache. A walk that faults sets and caches nothing.
 */
final class PageWalker {
    /** Not a translation and not a fault: an entry changed under the walk. */
    private static final long RESTART = 0;

    private final MemoryAccess memory;
    private final PagingStructureCache structures;
    private final ReservedBits reservedBits;

    /** The path of the walk at hand, indexed by level. */
    private final long[] entryPaddr = new long[Paging.TOP_LEVEL + 1];
    private final long[] entries = new long[Paging.TOP_LEVEL + 1];
    private final long[] reached = new long[Paging.TOP_LEVEL + 1];

    private boolean writeProtect = true;
    private boolean executeDisable = true;
    private long root = Translation.root(0);
    private long walks;
    private long restarts;
    private long flagUpdates;
    private long structureHits;

    PageWalker(MemoryAccess memory, PagingStructureCache structures, boolean gigabytePages) {
        this.memory = memory;
        this.structures = structures;
        this.reservedBits = new ReservedBits(gigabytePages);
    }

    void setRoot(long cr3) {
        root = Translation.root(cr3);
    }

    void setWriteProtect(boolean wp) {
        writeProtect = wp;
    }

    void setExecuteDisable(boolean nxe) {
        executeDisable = nxe;
        reservedBits.setExecuteDisable(nxe);
    }

    /** The translation of a canonical address for the access, or a fault. */
    long walk(long vaddr, int access) {
        walks++;
        long result = walkOnce(vaddr, access);
        while (result == RESTART) {
            restarts++;
            result = walkOnce(vaddr, access);
        }
        return result;
    }

    private long walkOnce(long vaddr, int access) {
        MemoryAccess port = memory;
        ReservedBits reserved = reservedBits;
        long at = walkInit(vaddr);
        long flagsOfAll = -1;
        int top = Translation.level(at) - 1;
        for (int level = top;; level--) {
            long paddr = Translation.paddr(at) + (long) Paging.index(vaddr, level) * Paging.ENTRY_BYTES;
            long entry = port.read(paddr);
            if (!Entry.isPresent(entry)) {
                return pageFault(access, 0);
            }
            if (reserved.anySet(entry, level)) {
                return pageFault(access, Fault.PRESENT | Fault.RESERVED);
            }
            entryPaddr[level] = paddr;
            entries[level] = entry;
            flagsOfAll &= entry;
            if (isLeaf(entry, level)) {
                return finish(vaddr, access, Translation.leaf(at, entry, level), top, flagsOfAll);
            }
            at = Translation.table(at, entry, level);
            reached[level] = at;
        }
    }

    private long walkInit(long vaddr) {
        long cached = structures.find(vaddr);
        if (cached == 0) {
            return root;
        }
        structureHits++;
        return cached;
    }

    private static boolean isLeaf(long entry, int level) {
        return level == 1 || Entry.isPageSize(entry);
    }

    private long finish(long vaddr, int access, long leaf, int top, long flagsOfAll) {
        if (!AccessRights.permits(AccessRights.allowed(leaf, writeProtect), access)) {
            return pageFault(access, Fault.PRESENT);
        }
        long dirty = (access & Access.WRITE) != 0 ? Entry.D : 0;
        boolean flagsAreSet = (flagsOfAll & Entry.A) != 0 && (leaf & dirty) == dirty;
        if (!flagsAreSet && !setFlags(Translation.level(leaf), top, dirty)) {
            return RESTART;
        }
        if (structures.isEnabled()) {
            for (int level = top; level > Translation.level(leaf); level--) {
                structures.fill(vaddr, reached[level]);
            }
        }
        return leaf | dirty;
    }

    private boolean setFlags(int leafLevel, int top, long dirty) {
        boolean unchanged = true;
        for (int level = top; unchanged && level >= leafLevel; level--) {
            unchanged = writeback(level, level == leafLevel ? Entry.A | dirty : Entry.A);
        }
        return unchanged;
    }

    /** Sets flags in an entry of the path; false if the entry is no longer what the walk read. */
    private boolean writeback(int level, long flags) {
        long entry = entries[level];
        if ((entry & flags) == flags) {
            return true;
        }
        flagUpdates++;
        return memory.compareAndExchange(entryPaddr[level], entry, entry | flags) == entry;
    }

    private long pageFault(int access, int cause) {
        int reported = executeDisable ? access : access & ~Access.FETCH;
        return Fault.pageFault(reported | cause);
    }

    long walks() {
        return walks;
    }

    long restarts() {
        return restarts;
    }

    long flagUpdates() {
        return flagUpdates;
    }

    long structureHits() {
        return structureHits;
    }
}
