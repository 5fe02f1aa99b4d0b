package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.mem.WalkMemory;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.PagingStructureCache;
import dev.cowtable.mmu.tlb.Tlb;
import dev.cowtable.mmu.tlb.Translation;
import org.jspecify.annotations.Nullable;

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
    private static final int LINE_BYTES = 64;
    /** Beyond the greatest level, so that an index cut to 3 bits needs no check. */
    private static final int PATH_LENGTH = 8;

    private final WalkMemory memory;
    private final PagingStructureCache structures;
    private final AccessRights rights;
    private final ReservedBits reservedBits;
    private final PagingCounters counters;
    private final int cpu;
    private final @Nullable MmuListener listener;
    /** Null where somebody needs the steps or the path of a walk. */
    private final @Nullable QuickWalk quick;

    /** The path of the walk at hand, indexed by level. */
    private final long[] entryPaddr = new long[PATH_LENGTH];
    private final long[] entries = new long[PATH_LENGTH];
    /** The state before the entry of the level was read. */
    private final long[] above = new long[PATH_LENGTH];

    private long root;
    private int allowedByLast;
    /** Access bits that an error code may report now. */
    private int reported = Access.REPORTED;
    /** What a leaf may tell: not G while CR4.PGE=0. */
    private long leafMask = -1;

    PageWalker(WalkMemory memory, PagingStructureCache structures, AccessRights rights, ControlRegisters registers,
            @Nullable QuickWalk quick, PagingCounters counters, int cpu, @Nullable MmuListener listener) {
        this.memory = memory;
        this.structures = structures;
        this.rights = rights;
        this.reservedBits = new ReservedBits(registers.model());
        this.cpu = cpu;
        this.listener = listener;
        this.quick = quick;
        this.counters = counters;
        setRoot(registers);
        modeChanged(registers);
    }

    /** Walks that follow start at this table unless a structure cache knows better. */
    void setRoot(ControlRegisters registers) {
        root = Translation.root(registers.rootPaddr(), registers.levels());
    }

    /** To be called after any change of a register but CR3. */
    void modeChanged(ControlRegisters registers) {
        reservedBits.setExecuteDisable(registers.hasNxe());
        if (quick != null) {
            quick.modeChanged(registers, reservedBits);
        }
        boolean reportsFetch = registers.hasNxe() || registers.hasCr4(Cr4.SMEP);
        reported = reportsFetch ? Access.REPORTED : Access.REPORTED & ~Access.FETCH;
        leafMask = registers.hasCr4(Cr4.PGE) ? -1 : ~Translation.GLOBAL;
    }

    /** The translation of a canonical address for the access, or a fault. */
    long walk(long vaddr, int access) {
        counters.walks++;
        long start = walkInit(vaddr);
        if (quick != null && !(structures.isEnabled() && Translation.level(start) > 2)) {
            long leaf = quick.walk(start, vaddr, access);
            int allowed = rights.allowedWithoutWalk(leaf);
            if (leaf != 0 && AccessRights.contains(allowed, access)) {
                allowedByLast = allowed;
                return leaf & leafMask;
            }
        }
        return walkFrom(start, vaddr, access);
    }

    /** The kinds of access that the last translation found allows without another walk. */
    int allowedByLast() {
        return allowedByLast;
    }

    private long walkFrom(long start, long vaddr, int access) {
        long result = walkOnce(start, vaddr, access);
        while (result == RESTART) {
            counters.walkRestarts++;
            result = walkOnce(walkInit(vaddr), vaddr, access);
        }
        return result;
    }

    private long walkOnce(long start, long vaddr, int access) {
        WalkMemory port = memory;
        long at = start;
        long flagsOfAll = -1;
        int top = Translation.level(at) - 1;
        for (int level = top;; level--) {
            above[level & (PATH_LENGTH - 1)] = at;
            long paddr = Translation.paddr(at) + (long) Paging.index(vaddr, level) * Paging.ENTRY_BYTES;
            long entry = port.read(paddr);
            if (listener != null) {
                listener.walkStep(cpu, level, paddr, entry);
            }
            if (!Entry.isPresent(entry)) {
                return noTranslation(vaddr, access, level, top, flagsOfAll, 0);
            }
            if (reservedBits.anySet(entry, level)) {
                return noTranslation(vaddr, access, level, top, flagsOfAll, Fault.PRESENT | Fault.RESERVED);
            }
            entryPaddr[level & (PATH_LENGTH - 1)] = paddr;
            entries[level & (PATH_LENGTH - 1)] = entry;
            flagsOfAll &= entry;
            if (isLeaf(entry, level)) {
                return finish(vaddr, access, Translation.leaf(at, entry, level) & leafMask, top, flagsOfAll);
            }
            at = Translation.table(at, entry, level);
        }
    }

    private long walkInit(long vaddr) {
        long cached = structures.find(vaddr);
        if (cached == 0) {
            return root;
        }
        counters.structureHits++;
        return cached;
    }

    private static boolean isLeaf(long entry, int level) {
        return level == 1 || Entry.isPageSize(entry);
    }

    private long finish(long vaddr, int access, long leaf, int top, long flagsOfAll) {
        if (!AccessRights.contains(rights.allowed(leaf), access)) {
            return rightsFault(leaf, access);
        }
        long dirty = (access & Access.WRITE) != 0 ? Entry.D : 0;
        boolean flagsAreSet = (flagsOfAll & Entry.A) != 0 && (leaf & dirty) == dirty;
        if (!flagsAreSet && !setFlags(Translation.level(leaf), top, dirty)) {
            return RESTART;
        }
        fillStructures(vaddr, Translation.level(leaf), top);
        allowedByLast = rights.allowedWithoutWalk(leaf | dirty);
        return leaf | dirty;
    }

    /** The steps of the path that led to the table of the level. */
    private void fillStructures(long vaddr, int level, int top) {
        if (structures.isEnabled()) {
            for (int reached = level; reached < top; reached++) {
                structures.fill(vaddr, above[reached]);
            }
        }
    }

    /** Why: a walk without an access may cache the steps above an entry that leads nowhere (SDM 4.10.3.1), and nothing drops them. */
    private long noTranslation(long vaddr, int access, int level, int top, long flagsAbove, int cause) {
        if (access == AccessRights.SPECULATIVE && (flagsAbove & Entry.A) != 0) {
            fillStructures(vaddr, level, top);
        }
        return pageFault(access, cause);
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
        counters.flagUpdates++;
        boolean unchanged = memory.compareAndExchange(entryPaddr[level], entry, entry | flags) == entry;
        if (unchanged && listener != null) {
            listener.flagsSet(cpu, level, entryPaddr[level], entry, entry | flags);
        }
        return unchanged;
    }

    /** The fault of an access that path or key forbid. */
    long rightsFault(long leaf, int access) {
        return pageFault(access, rights.keyForbids(leaf, access) ? Fault.PRESENT | Fault.PROTECTION_KEY
                : Fault.PRESENT);
    }

    private long pageFault(int access, int cause) {
        return Fault.pageFault((access & reported) | cause);
    }

    /**
     * After a walk that ended at a PTE: caches the pages whose PTEs came with the same cache line, where A is set.
     *
     * <p>Why: the manual lets a processor cache translations for addresses that were never accessed (SDM 4.10.2.3).
     */
    void fillNeighbours(long vaddr, Tlb tlb) {
        long line = entryPaddr[1] & -LINE_BYTES;
        long lineVaddr = vaddr & -(LINE_BYTES / Paging.ENTRY_BYTES * Paging.PAGE_BYTES);
        for (int i = 0; i < LINE_BYTES / Paging.ENTRY_BYTES; i++) {
            long entry = memory.readSameLine(line + (long) i * Paging.ENTRY_BYTES);
            long neighbour = lineVaddr + i * Paging.PAGE_BYTES;
            boolean usable = Entry.isPresent(entry) && Entry.isAccessed(entry) && !reservedBits.anySet(entry, 1);
            if (usable && tlb.find(neighbour) == 0) {
                tlb.fill(neighbour, Translation.leaf(above[1], entry, 1) & leafMask);
            }
        }
    }
}
