package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.tlb.PagingStructureCache;
import dev.cowtable.mmu.tlb.Tlb;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.tlb.Translation;

/**
 * Translation for one CPU: control registers, TLB, paging-structure caches and the walker.
 *
 * <p>A TLB entry is used as it is if its rights allow the access, whatever memory says by now. If they do not, or if
 * a write meets an entry with D=0, the walk decides and its result replaces the entry.
 */
public final class PagingUnit {
    private final Tlb tlb;
    private final PagingStructureCache structures;
    private final PageWalker walker;

    private long cr3;
    private long cr2;
    private boolean writeProtect = true;
    private boolean executeDisable = true;

    private long fastHits;
    private long slowHits;
    private long misses;
    private long rewalks;
    private long pageFaults;
    private long flushes;
    private long invlpgs;

    public PagingUnit(MemoryAccess memory, TlbPolicy policy, boolean gigabytePages) {
        this.tlb = new Tlb(policy);
        this.structures = new PagingStructureCache(policy);
        this.walker = new PageWalker(memory, structures, gigabytePages);
    }

    /** The physical address if the fast path of the TLB holds it, else negative: then {@link #translate}. */
    public long translateFast(long vaddr, int access) {
        long paddr = tlb.findFast(vaddr, access);
        if (paddr >= 0) {
            fastHits++;
        }
        return paddr;
    }

    /** A physical address, or a fault. */
    public long translate(long vaddr, int access) {
        if (!Paging.isCanonical(vaddr)) {
            return Fault.GENERAL_PROTECTION;
        }
        int kind = access & Access.MASK;
        long cached = tlb.find(vaddr);
        if (cached != 0 && AccessRights.permits(AccessRights.allowedWithoutWalk(cached, writeProtect), kind)) {
            slowHits++;
            return remember(vaddr, cached);
        }
        if (cached == 0) {
            misses++;
        } else {
            rewalks++;
        }
        return walk(vaddr, kind);
    }

    private long walk(long vaddr, int access) {
        long result = walker.walk(vaddr, access);
        if (Fault.isFault(result)) {
            raise(vaddr);
            return result;
        }
        tlb.fill(vaddr, result);
        return remember(vaddr, result);
    }

    private long remember(long vaddr, long translation) {
        tlb.putFast(vaddr, translation, AccessRights.allowedWithoutWalk(translation, writeProtect));
        return Translation.paddr(translation, vaddr);
    }

    /** Why: a fault drops what it used, so a stale entry causes at most one spurious fault (SDM 4.10.4.1). */
    private void raise(long vaddr) {
        pageFaults++;
        cr2 = vaddr;
        tlb.invalidate(vaddr);
        structures.invalidate(vaddr);
    }

    /** INVLPG: the page of any size, global or not, and all paging-structure-cache entries. */
    public void invlpg(long vaddr) {
        invlpgs++;
        if (Paging.isCanonical(vaddr)) {
            tlb.invalidate(vaddr);
            structures.invalidateAll();
        }
    }

    public void flushAllNonGlobal() {
        flushes++;
        tlb.invalidateNonGlobal();
        structures.invalidateAll();
    }

    public void flushAll() {
        flushes++;
        invalidateEverything();
    }

    private void invalidateEverything() {
        tlb.invalidateAll();
        structures.invalidateAll();
    }

    public long cr2() {
        return cr2;
    }

    public long cr3() {
        return cr3;
    }

    public void movToCr3(long value) {
        cr3 = value;
        walker.setRoot(value);
        flushAllNonGlobal();
    }

    public boolean writeProtect() {
        return writeProtect;
    }

    /** CR0.WP is applied when a translation is used, so no translation need be dropped. */
    public void setWriteProtect(boolean wp) {
        writeProtect = wp;
        walker.setWriteProtect(wp);
        tlb.modeChanged();
    }

    public boolean executeDisable() {
        return executeDisable;
    }

    /** EFER.NXE decides which entries are legal, so everything cached goes. */
    public void setExecuteDisable(boolean nxe) {
        executeDisable = nxe;
        walker.setExecuteDisable(nxe);
        invalidateEverything();
    }

    public void forEachTlbEntry(Tlb.EntryConsumer consumer) {
        tlb.forEach(consumer);
    }

    public void forEachStructureEntry(Tlb.EntryConsumer consumer) {
        structures.forEach(consumer);
    }

    public long tlbHits() {
        return fastHits + slowHits;
    }

    public long tlbMisses() {
        return misses;
    }

    public long rewalks() {
        return rewalks;
    }

    public long walks() {
        return walker.walks();
    }

    public long walkRestarts() {
        return walker.restarts();
    }

    public long flagUpdates() {
        return walker.flagUpdates();
    }

    public long structureHits() {
        return walker.structureHits();
    }

    public long pageFaults() {
        return pageFaults;
    }

    public long tlbFlushes() {
        return flushes;
    }

    public long invlpgs() {
        return invlpgs;
    }
}
