package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.tlb.FrontCache;
import dev.cowtable.mmu.tlb.Translation;
import dev.cowtable.mmu.walk.Invlpgb;
import dev.cowtable.mmu.walk.PagingCounters;
import dev.cowtable.mmu.walk.PagingUnit;
import org.jspecify.annotations.Nullable;

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
    private final MemoryPort port;
    private final PagingUnit paging;
    /** Of the paging unit; asked here, as the way through two objects costs as much as the look-up. */
    private final FrontCache front;
    private final InterruptUnit interrupts;

    private final Operand operand;
    private final LazyTlb lazyTlb = new LazyTlb();
    private final boolean hasInvlpgb;
    /** The last INVLPGB of this CPU: queues are first in, first out, so it is the last to be done. */
    private @Nullable IpiRequest lastBroadcast;

    Cpu(int id, Machine machine, Machine.Builder builder) {
        this.id = id;
        this.machine = machine;
        this.executor = machine.executor();
        PhysicalMemory physical = machine.memory();
        this.port = new MemoryPort(this, physical,
                builder.storeBufferDepth == 0 ? null : new StoreBuffer(physical, builder.storeBufferDepth));
        this.operand = new Operand(port);
        this.hasInvlpgb = builder.model.invlpgb();
        this.paging = new PagingUnit(executor.observesSteps() ? new WalkPort(this, physical) : physical,
                new ControlRegisters(builder.model, builder.pagingLevels), machine.tlbPolicy(), builder.geometry, id,
                machine.listener());
        this.front = paging.front();
        if (builder.storeBufferDepth == 0) {
            front.loadFrom(physical);
        }
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
            if (!interrupts.deliver()) {
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

    /** A waiting CPU has something to do: a pending interrupt while they are enabled, or a broadcast invalidation. */
    public boolean canDeliver() {
        return interrupts.canDeliver();
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

    // ---- registers: each method returns 0, or Fault.GENERAL_PROTECTION and has changed nothing

    public long cr0() {
        return paging.registers().cr0();
    }

    /** CR0.WP may change; PG and PE are fixed in 64-bit mode. */
    public long movToCr0(long value) {
        port.drain();
        return paging.movToCr0(value);
    }

    /** The linear address of the last page fault. */
    public long cr2() {
        return paging.cr2();
    }

    public long cr3() {
        return paging.registers().cr3();
    }

    /**
     * Flush: non-global translations and structure entries of the new PCID on this CPU; with CR4.PCIDE=1 and bit 63 set,
     * nothing.
     */
    public long movToCr3(long value) {
        port.drain();
        return paging.movToCr3(value);
    }

    public long cr4() {
        return paging.registers().cr4();
    }

    /** Flush: everything if PGE changes or PCIDE is cleared; all that the current PCID can use if SMEP is set. */
    public long movToCr4(long value) {
        port.drain();
        return paging.movToCr4(value);
    }

    public long efer() {
        return paging.registers().efer();
    }

    /** Flush: everything this CPU has cached, if NXE changes. */
    public long writeEfer(long value) {
        port.drain();
        return paging.writeEfer(value);
    }

    public int pkru() {
        return paging.registers().pkru();
    }

    /** Rights of the sixteen keys of user pages: AD in bit 2*key, WD above it. */
    public void wrpkru(int value) {
        paging.wrpkru(value);
    }

    public int pkrs() {
        return paging.registers().pkrs();
    }

    /** IA32_PKRS: rights of the sixteen keys of supervisor pages. */
    public void writePkrs(int value) {
        paging.writePkrs(value);
    }

    /** EFLAGS.AC. */
    public boolean ac() {
        return paging.registers().ac();
    }

    /** STAC, CLAC. */
    public void setAc(boolean set) {
        paging.setAc(set);
    }

    // ---- translation and accesses

    /** A physical address, or a {@link Fault}; a page fault sets CR2. */
    public long translate(long vaddr, int access) {
        long paddr = front.find(vaddr, access);
        return paddr >= 0 ? paddr : translateSlow(vaddr, access);
    }

    private long translateSlow(long vaddr, int access) {
        long translation = translation(vaddr, access);
        return Fault.isFault(translation) ? translation : Translation.paddr(translation, vaddr);
    }

    /** A leaf {@link Translation}, with page size, rights, key and memory-type index, or a {@link Fault}. */
    public long translation(long vaddr, int access) {
        interrupts.beginAccess();
        try {
            return paging.translation(vaddr, access);
        } finally {
            interrupts.endAccess();
        }
    }

    /** What PREFETCH does, or an access that is never made: may set A and fill the caches, never sets D or faults. */
    public void prefetch(long vaddr) {
        interrupts.beginAccess();
        try {
            paging.prefetch(vaddr);
        } finally {
            interrupts.endAccess();
        }
    }

    /** 0..255, or a {@link Fault}. */
    public long readByte(long vaddr, int access) {
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access);
        return paddr < 0 ? paddr : (port.load(paddr & -Long.BYTES) >>> ((paddr & 7) << 3)) & 0xff;
    }

    /** 0, or a {@link Fault}. */
    public long writeByte(long vaddr, int access, int value) {
        return store(vaddr, 1, access, value);
    }

    /** Reads 8 aligned bytes into {@code out1[0]}; returns 0, or a {@link Fault}. */
    public long readWord(long vaddr, int access, long[] out1) {
        boolean plain = isAligned(vaddr) && interrupts.attention() == 0;
        return plain && front.load(vaddr, access, out1) ? 0 : readWordSlow(vaddr, access, out1);
    }

    private long readWordSlow(long vaddr, int access, long[] out1) {
        checkAligned(vaddr);
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access);
        if (paddr < 0) {
            return paddr;
        }
        out1[0] = port.load(paddr);
        return 0;
    }

    /** Writes 8 aligned bytes; returns 0, or a {@link Fault}. */
    public long writeWord(long vaddr, int access, long value) {
        checkAligned(vaddr);
        return store(vaddr, Long.BYTES, access, value);
    }

    private static boolean isAligned(long vaddr) {
        return (vaddr & (Paging.ENTRY_BYTES - 1)) == 0;
    }

    private static void checkAligned(long vaddr) {
        if (!isAligned(vaddr)) {
            throw new IllegalArgumentException("linear address 0x" + Long.toHexString(vaddr)
                    + " is not a multiple of 8");
        }
    }

    /** Reads 1 to 8 bytes, zero-extended, into {@code out1[0]}; returns 0, or a {@link Fault}. */
    public long load(long vaddr, int bytes, int access, long[] out1) {
        long fault = begin(vaddr, bytes, access);
        if (fault < 0) {
            return fault;
        }
        out1[0] = operand.read();
        return 0;
    }

    /** Writes the low 1 to 8 bytes of the value; returns 0, or a {@link Fault} and has written none. */
    public long store(long vaddr, int bytes, int access, long value) {
        long fault = begin(vaddr, bytes, access | Access.WRITE);
        if (fault < 0) {
            return fault;
        }
        operand.write(value);
        return 0;
    }

    /** XCHG of 8 aligned bytes, a locked access: the old ones go to {@code out1[0]}; returns 0, or a {@link Fault}. */
    public long exchange(long vaddr, int access, long value, long[] out1) {
        checkAligned(vaddr);
        step(Step.USER_ACCESS, vaddr);
        long paddr = translate(vaddr, access | Access.WRITE);
        if (paddr < 0) {
            return paddr;
        }
        out1[0] = port.exchangeNow(paddr, value);
        return 0;
    }

    /** Translates an operand, the lower page first and wholly (SDM volume 3, 6.15; x86 data accesses that cross a page). */
    private long begin(long vaddr, int bytes, int access) {
        if (bytes < 1 || bytes > Long.BYTES) {
            throw new IllegalArgumentException("an operand of " + bytes + " bytes");
        }
        step(Step.USER_ACCESS, vaddr);
        long last = vaddr + bytes - 1;
        boolean crosses = ((vaddr ^ last) & -Paging.PAGE_BYTES) != 0;
        if (crosses && !Paging.isCanonical(last, paging.registers().levels())) {
            return Fault.GENERAL_PROTECTION;
        }
        long paddr = translate(vaddr, access);
        if (paddr < 0 || !crosses) {
            operand.set(paddr, bytes);
            return paddr;
        }
        long second = translate(last & -Paging.PAGE_BYTES, access);
        operand.set(paddr, second, bytes);
        return second;
    }

    // ---- memory order

    /** MFENCE: all buffered stores of this CPU reach memory. */
    public void mfence() {
        port.fence();
    }

    /** The oldest buffered store reaches memory, as it may at any time; false if there is none. */
    public boolean drainOneStore() {
        return port.drainOne();
    }

    /** Stores that memory has not seen. */
    public int bufferedStores() {
        return port.bufferedStores();
    }

    // ---- invalidation; like MOV to a control register, each instruction here serializes: buffered stores reach memory first

    /**
     * Flush: the page of the address, of any size, global or not, and all structure entries of the current PCID; no-op
     * if not canonical.
     */
    public void invlpg(long vaddr) {
        port.drain();
        paging.invlpg(vaddr);
    }

    /**
     * Flush: type 0 an address of a PCID, 1 a PCID, 2 everything, 3 everything but global translations.
     *
     * @param pcid low quadword of the descriptor
     * @return 0, or {@link Fault#GENERAL_PROTECTION}
     */
    public long invpcid(int type, long pcid, long vaddr) {
        port.drain();
        return paging.invpcid(type, pcid, vaddr);
    }

    /**
     * INVLPGB: the registers' invalidation here now, and on every other CPU by the end of the next {@link #tlbsync}.
     *
     * @return 0, or {@link Fault#GENERAL_PROTECTION}
     */
    public long invlpgb(Invlpgb registers) {
        checkInvlpgb();
        if (!registers.isAccepted(paging.registers())) {
            return Fault.GENERAL_PROTECTION;
        }
        port.drain();
        step(Step.FLUSH, registers.rax());
        paging.applyInvlpgb(registers);
        lastBroadcast = machine.broadcast(this, target -> target.paging.applyInvlpgb(registers));
        return 0;
    }

    /** TLBSYNC: waits until every CPU has done what this one's INVLPGBs asked. */
    public void tlbsync() {
        checkInvlpgb();
        if (lastBroadcast != null) {
            await(lastBroadcast);
            lastBroadcast = null;
        }
    }

    private void checkInvlpgb() {
        if (!hasInvlpgb) {
            throw new IllegalStateException("#UD: the CPU model has no INVLPGB");
        }
    }

    // ---- lazy TLB

    /** From now until {@link #leaveLazyTlb} this CPU makes no user access, and a shootdown may pass it by. */
    public void enterLazyTlb() {
        lazyTlb.enter();
    }

    /** Flush: non-global translations and structure entries of every PCID, if a shootdown has passed this CPU by. */
    public void leaveLazyTlb() {
        step(Step.READ_MODIFY_WRITE, id);
        port.drain();
        if (lazyTlb.leave()) {
            paging.flushAfterLazyTlb();
        }
    }

    LazyTlb lazyTlb() {
        return lazyTlb;
    }

    // ---- inspection

    public void forEachTlbEntry(TlbEntryVisitor visitor) {
        paging.forEachTlbEntry((pcid, vaddr, t) -> visitor.visit(pcid, vaddr, Paging.sizeBytes(Translation.level(t)),
                Paging.pfn(Translation.paddr(t)), has(t, Translation.WRITABLE), has(t, Translation.USER),
                has(t, Translation.EXECUTABLE), has(t, Translation.DIRTY), has(t, Translation.GLOBAL)));
    }

    public void forEachPagingStructureEntry(StructureVisitor visitor) {
        paging.forEachStructureEntry(
                (pcid, vaddr, t) -> visitor.visit(pcid, Translation.level(t), vaddr, Translation.paddr(t),
                        has(t, Translation.WRITABLE), has(t, Translation.USER)));
    }

    private static boolean has(long translation, long bit) {
        return (translation & bit) != 0;
    }

    public PagingCounters counters() {
        return paging.counters();
    }

    @Override
    public String toString() {
        return "CPU " + id;
    }
}
