package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.event.Invalidation;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.mem.WalkMemory;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.FrontCache;
import dev.cowtable.mmu.tlb.PagingStructureCache;
import dev.cowtable.mmu.tlb.Tlb;
import dev.cowtable.mmu.tlb.TlbGeometry;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.tlb.Translation;
import org.jspecify.annotations.Nullable;

/**
 * Translation for one CPU in 64-bit mode: control registers, TLB, paging-structure caches and the walker.
 *
 * <p>A TLB entry is used as it is if its rights allow the access, whatever memory says by now. If they do not, or if
 * a write meets an entry with D=0, the walk decides and its result replaces the entry.
 *
 * <p>Each instruction method returns 0, or {@link Fault#GENERAL_PROTECTION} and has changed nothing.
 */
public final class PagingUnit {
    private static final int MAX_PCID = 0xfff;

    private final ControlRegisters registers;
    private final PagingCounters counters;
    private final AccessRights rights = new AccessRights();
    private final Tlb tlb;
    private final PagingStructureCache structures;
    private final PageWalker walker;
    private final int cpu;
    private final @Nullable MmuListener listener;
    private final int levels;
    private final boolean fillsSpeculatively;
    /** A cached translation that forbids the access faults without a look at memory. */
    private final boolean trustsCachedRights;

    private long cr2;

    /** One that stands alone, over memory of any kind. */
    public PagingUnit(WalkMemory memory, CpuModel model, int levels, TlbPolicy policy) {
        this(memory, new ControlRegisters(model, levels), policy, TlbGeometry.DEFAULT, 0, null);
    }

    /** One of the CPU that the listener knows by its number. */
    public PagingUnit(WalkMemory memory, ControlRegisters registers, TlbPolicy policy, TlbGeometry geometry, int cpu,
            @Nullable MmuListener listener) {
        this.registers = registers;
        this.levels = registers.levels();
        this.tlb = new Tlb(policy, geometry, cpu, listener);
        this.counters = new PagingCounters(tlb);
        this.structures = new PagingStructureCache(policy, geometry, levels, cpu, listener);
        this.fillsSpeculatively = policy == TlbPolicy.ADVERSARIAL;
        boolean unwatched = listener == null && !fillsSpeculatively;
        QuickWalk quick = unwatched && memory instanceof PhysicalMemory physical ? new QuickWalk(physical) : null;
        this.walker = new PageWalker(memory, structures, rights, registers, quick, counters, cpu, listener);
        this.cpu = cpu;
        this.listener = listener;
        this.trustsCachedRights = fillsSpeculatively && registers.model().vendor() == Vendor.INTEL;
        modeChanged();
    }

    /** The values, for reading. */
    public ControlRegisters registers() {
        return registers;
    }

    // ---- translation

    /** What to ask before {@link #translate}: it knows pages that the TLB holds and the accesses to them that are allowed. */
    public FrontCache front() {
        return tlb.front();
    }

    /** A physical address, or a fault; a page fault sets CR2. */
    public long translate(long vaddr, int access) {
        long translation = translation(vaddr, access);
        return Fault.isFault(translation) ? translation : Translation.paddr(translation, vaddr);
    }

    /** A leaf {@link Translation}, or a fault; a page fault sets CR2. */
    public long translation(long vaddr, int access) {
        if (!Paging.isCanonical(vaddr, levels)) {
            return Fault.GENERAL_PROTECTION;
        }
        int kind = access & Access.MASK;
        long cached = tlb.find(vaddr);
        if (cached == 0) {
            counters.misses++;
            return walk(vaddr, kind, false);
        }
        if (AccessRights.contains(rights.allowedWithoutWalk(cached), kind)) {
            counters.slowHits++;
            tlb.putFast(vaddr, cached, rights.allowedWithoutWalk(cached));
            return cached;
        }
        if (trustsCachedRights && !AccessRights.contains(rights.allowed(cached), kind)) {
            return raise(vaddr, walker.rightsFault(cached, kind));
        }
        counters.rewalks++;
        return walk(vaddr, kind, true);
    }

    private long walk(long vaddr, int kind, boolean replaces) {
        long result = walker.walk(vaddr, kind);
        if (Fault.isFault(result)) {
            return raise(vaddr, result);
        }
        int allowed = walker.allowedByLast();
        if (replaces) {
            tlb.refill(vaddr, result);
        } else {
            tlb.fill(vaddr, result);
        }
        tlb.putFast(vaddr, result, allowed);
        if (fillsSpeculatively && Translation.level(result) == 1) {
            walker.fillNeighbours(vaddr, tlb);
        }
        return result;
    }

    /** Why: a fault drops what it used, so a stale entry causes at most one spurious fault (SDM 4.10.4.1). */
    private long raise(long vaddr, long fault) {
        counters.pageFaults++;
        cr2 = vaddr;
        tlb.invalidate(vaddr);
        structures.invalidate(vaddr);
        tell(Invalidation.PAGE_FAULT, registers.pcid(), vaddr);
        if (listener != null) {
            listener.faulted(cpu, vaddr, fault);
        }
        return fault;
    }

    /** What a prefetch does, or a speculative access: may set A and cache what it finds, never sets D or faults. */
    public void prefetch(long vaddr) {
        if (Paging.isCanonical(vaddr, levels) && tlb.find(vaddr) == 0) {
            long result = walker.walk(vaddr, AccessRights.SPECULATIVE);
            if (!Fault.isFault(result)) {
                tlb.fill(vaddr, result);
            }
        }
    }

    /** The linear address of the last page fault. */
    public long cr2() {
        return cr2;
    }

    // ---- registers

    /** CR0.WP is applied when a translation is used, so none need be dropped. */
    public long movToCr0(long value) {
        boolean changes = value != registers.cr0();
        if (!registers.acceptsCr0(value)) {
            return Fault.GENERAL_PROTECTION;
        }
        registers.setCr0(value);
        if (changes) {
            modeChanged();
        }
        return 0;
    }

    /** Flush: unless bit 63 forbids it, non-global translations and structure entries of the new PCID. */
    public long movToCr3(long value) {
        if (!registers.acceptsCr3(value)) {
            return Fault.GENERAL_PROTECTION;
        }
        registers.setCr3(value);
        addressSpaceChanged();
        if ((value & ControlRegisters.CR3_NO_FLUSH) == 0) {
            dropPcid(registers.pcid(), false);
            tell(Invalidation.MOV_TO_CR3, registers.pcid(), 0);
        }
        return 0;
    }

    /** Flush: everything if PGE changes or PCIDE is cleared; what the current PCID can use if SMEP is set. */
    public long movToCr4(long value) {
        if (!registers.acceptsCr4(value)) {
            return Fault.GENERAL_PROTECTION;
        }
        long old = registers.cr4();
        int oldPcid = registers.pcid();
        registers.setCr4(value);
        addressSpaceChanged();
        modeChanged();
        if (((old ^ value) & Cr4.PGE) != 0 || (old & ~value & Cr4.PCIDE) != 0) {
            dropAll(true);
            tell(Invalidation.MOV_TO_CR4, 0, 0);
        } else if ((value & ~old & Cr4.SMEP) != 0) {
            dropPcid(oldPcid, true);
            tell(Invalidation.MOV_TO_CR4, oldPcid, 0);
        }
        return 0;
    }

    /** Flush: everything if NXE changes, which decides what entries are legal. */
    public long writeEfer(long value) {
        boolean nxe = registers.hasNxe();
        if (!registers.acceptsEfer(value)) {
            return Fault.GENERAL_PROTECTION;
        }
        registers.setEfer(value);
        if (registers.hasNxe() != nxe) {
            modeChanged();
            dropAll(true);
            tell(Invalidation.WRITE_EFER, 0, 0);
        }
        return 0;
    }

    /** Keys of user pages; they act while CR4.PKE=1. Differs: WRPKRU is #UD while CR4.PKE=0. */
    public void wrpkru(int value) {
        if (value != registers.pkru()) {
            registers.setPkru(value);
            modeChanged();
        }
    }

    /** Keys of supervisor pages (IA32_PKRS); they act while CR4.PKS=1. */
    public void writePkrs(int value) {
        if (value != registers.pkrs()) {
            registers.setPkrs(value);
            modeChanged();
        }
    }

    /** EFLAGS.AC, as STAC and CLAC set it. */
    public void setAc(boolean set) {
        if (set != registers.ac()) {
            registers.setAc(set);
            modeChanged();
        }
    }

    private void modeChanged() {
        rights.modeChanged(registers);
        walker.modeChanged(registers);
        tlb.modeChanged();
    }

    private void addressSpaceChanged() {
        walker.setRoot(registers);
        tlb.setPcid(registers.pcid());
        structures.setPcid(registers.pcid());
    }

    // ---- invalidation

    /**
     * Flush: the page of the address of any size, global or not, and all structure entries of the PCID; no-op if not
     * canonical.
     */
    public void invlpg(long vaddr) {
        if (Paging.isCanonical(vaddr, levels)) {
            counters.invlpgs++;
            tlb.invalidate(vaddr);
            structures.invalidatePcid(registers.pcid());
            tell(Invalidation.INVLPG, registers.pcid(), vaddr);
        }
    }

    /**
     * Flush: type 0 one address of a PCID, 1 a PCID, 2 everything, 3 everything but global translations.
     *
     * @param pcid low quadword of the descriptor: the PCID in bits 11..0, all others 0
     */
    public long invpcid(int type, long pcid, long vaddr) {
        boolean named = type == 0 || type == 1;
        boolean pcidIsBad = pcid < 0 || pcid > MAX_PCID || (named && pcid != 0 && !registers.hasCr4(Cr4.PCIDE));
        if (type < 0 || type > 3 || pcidIsBad || (type == 0 && !Paging.isCanonical(vaddr, levels))) {
            return Fault.GENERAL_PROTECTION;
        }
        int of = (int) pcid;
        switch (type) {
            case 0 -> {
                tlb.invalidate(vaddr, of, false);
                structures.invalidatePcid(of);
                tell(Invalidation.INVPCID_ADDRESS, of, vaddr);
            }
            case 1 -> {
                dropPcid(of, false);
                tell(Invalidation.INVPCID_CONTEXT, of, 0);
            }
            case 2 -> {
                dropAll(true);
                tell(Invalidation.INVPCID_ALL, 0, 0);
            }
            default -> {
                dropAll(false);
                tell(Invalidation.INVPCID_ALL_NON_GLOBAL, 0, 0);
            }
        }
        return 0;
    }

    /** What an INVLPGB, by whichever CPU, does to this one. */
    public void applyInvlpgb(Invlpgb request) {
        request.applyTo(tlb, structures);
        tell(Invalidation.INVLPGB, request.pcid(), request.vaddr());
    }

    /** Flush: all non-global translations of every PCID; what a CPU owes that was left out of a shootdown. */
    public void flushAfterLazyTlb() {
        dropAll(false);
        tell(Invalidation.LAZY_TLB, 0, 0);
    }

    private void dropPcid(int pcid, boolean globals) {
        counters.flushes++;
        tlb.invalidatePcid(pcid, globals);
        structures.invalidatePcid(pcid);
    }

    private void dropAll(boolean globals) {
        counters.flushes++;
        tlb.invalidateAll(globals);
        structures.invalidateAll();
    }

    private void tell(Invalidation cause, int pcid, long vaddr) {
        if (listener != null) {
            listener.invalidated(cpu, cause, pcid, vaddr);
        }
    }

    // ---- inspection

    public void forEachTlbEntry(Tlb.EntryConsumer consumer) {
        tlb.forEach(consumer);
    }

    public void forEachStructureEntry(Tlb.EntryConsumer consumer) {
        structures.forEach(consumer);
    }

    public PagingCounters counters() {
        return counters;
    }
}
