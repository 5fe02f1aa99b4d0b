package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.tlb.Translation;
import dev.cowtable.mmu.walk.PagingUnit;

/**
 * One CPU: control registers, translation, memory accesses, invalidation and interrupts.
 *
 * <p>Driven by one thread at a time. Interrupts are delivered at steps only, and never inside one access: a walk's own
 * memory operations are scheduling points for the executor, but hold interrupts off until the access is done.
 */
public final class Cpu {
    private final int id;
    private final Machine machine;
    private final Executor executor;
    private final PhysicalMemory physical;
    private final MemoryPort port;
    private final PagingUnit paging;
    private final InterruptUnit interrupts;

    Cpu(int id, Machine machine, boolean gigabytePages) {
        this.id = id;
        this.machine = machine;
        this.executor = machine.executor();
        this.physical = machine.memory();
        this.port = new MemoryPort(this, physical);
        this.paging = new PagingUnit(port, machine.tlbPolicy(), gigabytePages);
        this.interrupts = new InterruptUnit(this, executor.observesSteps());
    }

    public int id() {
        return id;
    }

    public Machine machine() {
        return machine;
    }

    public MemoryPort memory() {
        return port;
    }

    // ---- scheduling and interrupts

    /** A point before a shared access where the executor may switch and pending interrupts are delivered. */
    public void step(Step kind, long where) {
        if (interrupts.attention() != 0) {
            attend(kind, where);
        }
    }

    private void attend(Step kind, long where) {
        if ((interrupts.attention() & InterruptUnit.OBSERVED) != 0) {
            executor.step(this, kind, where);
        }
        if ((interrupts.attention() & InterruptUnit.PENDING) != 0) {
            interrupts.deliver();
        }
    }

    /** Blocks until ready; meanwhile delivers interrupts if they are enabled. */
    public void await(Waitable what) {
        while (!what.isReady()) {
            if (!interrupts.hasPending() || !interrupts.deliver()) {
                executor.blockedOn(this, what);
            }
        }
    }

    /** Nests. */
    public void disableInterrupts() {
        interrupts.disable();
    }

    /** Undoes one {@link #disableInterrupts}; the outermost one delivers what is pending. */
    public void enableInterrupts() {
        if (interrupts.enable() && interrupts.hasPending()) {
            interrupts.deliver();
        }
    }

    public boolean interruptsEnabled() {
        return interrupts.enabled();
    }

    public boolean hasPendingInterrupt() {
        return interrupts.hasPending();
    }

    /** IDLE to RUNNING; waits while another CPU runs an interrupt for this one. */
    public void enter() {
        while (!interrupts.tryEnter()) {
            executor.blockedOn(this, interrupts);
        }
    }

    /** RUNNING to IDLE, after the delivery of what is pending; interrupts must be enabled. */
    public void leave() {
        interrupts.leave();
    }

    InterruptUnit interrupts() {
        return interrupts;
    }

    // ---- control registers

    public long cr3() {
        return paging.cr3();
    }

    /** Flush: non-global TLB entries and all paging-structure-cache entries of this CPU. */
    public void movToCr3(long value) {
        paging.movToCr3(value);
    }

    /** CR0.WP; initially true. */
    public boolean writeProtect() {
        return paging.writeProtect();
    }

    public void setWriteProtect(boolean wp) {
        paging.setWriteProtect(wp);
    }

    /** EFER.NXE; initially true. */
    public boolean executeDisableEnabled() {
        return paging.executeDisable();
    }

    /** Flush: everything this CPU has cached. */
    public void setExecuteDisableEnabled(boolean nxe) {
        paging.setExecuteDisable(nxe);
    }

    /** The linear address of the last page fault. */
    public long cr2() {
        return paging.cr2();
    }

    // ---- translation and accesses

    /** A physical address, or a {@link Fault}; a page fault sets CR2. */
    public long translate(long vaddr, int access) {
        long paddr = paging.translateFast(vaddr, access);
        return paddr >= 0 ? paddr : translateHoldingInterrupts(vaddr, access);
    }

    private long translateHoldingInterrupts(long vaddr, int access) {
        interrupts.disable();
        try {
            return paging.translate(vaddr, access);
        } finally {
            interrupts.enable();
        }
    }

    /** 0..255, or a {@link Fault}. */
    public long readByte(long vaddr, int access) {
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access);
        return paddr < 0 ? paddr : physical.readByte(paddr) & 0xffL;
    }

    /** 0, or a {@link Fault}. */
    public long writeByte(long vaddr, int access, int value) {
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access | Access.WRITE);
        if (paddr < 0) {
            return paddr;
        }
        physical.writeByte(paddr, (byte) value);
        return 0;
    }

    /** Reads 8 aligned bytes into {@code out1[0]}; returns 0, or a {@link Fault}. */
    public long readWord(long vaddr, int access, long[] out1) {
        checkAligned(vaddr);
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access);
        if (paddr < 0) {
            return paddr;
        }
        out1[0] = physical.read(paddr);
        return 0;
    }

    /** Writes 8 aligned bytes; returns 0, or a {@link Fault}. */
    public long writeWord(long vaddr, int access, long value) {
        checkAligned(vaddr);
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access | Access.WRITE);
        if (paddr < 0) {
            return paddr;
        }
        physical.write(paddr, value);
        return 0;
    }

    private static void checkAligned(long vaddr) {
        if ((vaddr & (Paging.ENTRY_BYTES - 1)) != 0) {
            throw new IllegalArgumentException("linear address 0x" + Long.toHexString(vaddr)
                    + " is not a multiple of 8");
        }
    }

    // ---- invalidation

    /** Flush: the page of the address, of any size, and all paging-structure-cache entries; no-op if not canonical. */
    public void invlpg(long vaddr) {
        paging.invlpg(vaddr);
    }

    /** Flush: non-global TLB entries and all paging-structure-cache entries. */
    public void flushAllNonGlobal() {
        paging.flushAllNonGlobal();
    }

    /** Flush: everything, global entries too. */
    public void flushAll() {
        paging.flushAll();
    }

    // ---- inspection

    public void forEachTlbEntry(TlbEntryVisitor visitor) {
        paging.forEachTlbEntry((vaddr, t) -> visitor.visit(vaddr, Paging.sizeBytes(Translation.level(t)),
                Paging.pfn(Translation.paddr(t)), has(t, Translation.WRITABLE), has(t, Translation.USER),
                has(t, Translation.EXECUTABLE), has(t, Translation.DIRTY), has(t, Translation.GLOBAL)));
    }

    public void forEachPagingStructureEntry(StructureVisitor visitor) {
        paging.forEachStructureEntry((vaddr, t) -> visitor.visit(Translation.level(t), vaddr, Translation.paddr(t),
                has(t, Translation.WRITABLE), has(t, Translation.USER)));
    }

    private static boolean has(long translation, long bit) {
        return (translation & bit) != 0;
    }

    /** Flushes of all or all non-global entries, by MOV to CR3 too. */
    public long tlbFlushes() {
        return paging.tlbFlushes();
    }

    public long invlpgs() {
        return paging.invlpgs();
    }

    public long tlbHits() {
        return paging.tlbHits();
    }

    public long tlbMisses() {
        return paging.tlbMisses();
    }

    public long walks() {
        return paging.walks();
    }

    /** Walks made although the TLB held the page: its rights forbade the access, or a write met D=0. */
    public long rewalks() {
        return paging.rewalks();
    }

    /** Walks begun again because an entry changed before its A or D was set. */
    public long walkRestarts() {
        return paging.walkRestarts();
    }

    /** Compare-and-exchanges made to set A or D. */
    public long flagUpdates() {
        return paging.flagUpdates();
    }

    /** Walks that began at a paging-structure-cache entry. */
    public long structureHits() {
        return paging.structureHits();
    }

    public long pageFaults() {
        return paging.pageFaults();
    }

    @Override
    public String toString() {
        return "CPU " + id;
    }
}
