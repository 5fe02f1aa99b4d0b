package dev.cowtable.mm.vma;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.RwSemaphore;
import dev.cowtable.mm.lock.SeqCount;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.notifier.MmuNotifiers;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * An address space: its VMAs, page tables, counts and locks.
 *
 * <p>Mirrors: struct mm_struct.
 * <p>Locks: the VMA array is replaced only while holding mmap_lock for writing; read reliably holding it, and without it as a snapshot
 * whose VMAs must be locked and looked at again. Counters are changed by atomic operations.
 */
public final class MmStruct {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CPUMASK;
    private static final VarHandle FLUSH_PENDING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            CPUMASK = lookup.findVarHandle(MmStruct.class, "cpumask", long.class);
            FLUSH_PENDING = lookup.findVarHandle(MmStruct.class, "tlbFlushPending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long id;
    private final long pgdPaddr;
    private final RwSemaphore mmapLock;
    private final SpinLock pageTableLock;
    private final SeqCount writeProtectSeq;
    private final MmuNotifiers notifiers = new MmuNotifiers(this);
    private final long flagsIdentity;
    private volatile VmAreaStruct[] vmas = new VmAreaStruct[0];
    private volatile long mmLockSeq;
    private volatile boolean hasPinned;
    private volatile long lockedVm;
    private final Rlimits limits = new Rlimits();
    private final long[] rss = new long[Rss.values().length];
    /** Tables by level; the top table is not counted. */
    private final long[] tables = new long[Paging.TOP_LEVEL + 1];
    @SuppressWarnings("FieldMayBeFinal")
    private long cpumask;
    @SuppressWarnings("FieldMayBeFinal")
    private int tlbFlushPending;

    public MmStruct(long id, long pgdPaddr, Lockdep lockdep) {
        this.id = id;
        this.pgdPaddr = pgdPaddr;
        this.mmapLock = new RwSemaphore(lockdep, LockClass.MMAP_LOCK);
        this.pageTableLock = new SpinLock(lockdep, LockClass.PAGE_TABLE_LOCK);
        this.writeProtectSeq = new SeqCount(lockdep);
        this.flagsIdentity = lockdep.nextIdentity();
    }

    public long id() {
        return id;
    }

    public long pgdPaddr() {
        return pgdPaddr;
    }

    public RwSemaphore mmapLock() {
        return mmapLock;
    }

    public SpinLock pageTableLock() {
        return pageTableLock;
    }

    /** Odd while fork write-protects and accounts; GUP-fast gives up a pin that overlaps it. */
    public SeqCount writeProtectSeq() {
        return writeProtectSeq;
    }

    /** Who keeps translations of this mm of his own. */
    public MmuNotifiers notifiers() {
        return notifiers;
    }

    // ---------------------------------------------------------------- mmap_lock for writing ends all VMA write locks

    public long mmLockSeq() {
        return mmLockSeq;
    }

    public void mmapWriteLock(Cpu cpu) {
        mmapLock.downWrite(cpu);
    }

    /** Mirrors: mmap_write_unlock() with vma_end_write_all(). */
    public void mmapWriteUnlock(Cpu cpu) {
        endVmaWrites();
        mmapLock.upWrite(cpu);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // mmap_lock is held for writing
    private void endVmaWrites() {
        mmapLock.assertHeldWrite();
        mmLockSeq++;
    }

    // ---------------------------------------------------------------- VMAs

    /** The VMAs in address order; the array is never changed after it was published. */
    public VmAreaStruct[] vmas() {
        return vmas;
    }

    /** The first VMA that ends above {@code vaddr}, whether it contains it or not. */
    public @Nullable VmAreaStruct findVma(long vaddr) {
        VmAreaStruct[] all = vmas;
        int at = VmaArrays.firstEndingAbove(all, vaddr);
        return at < all.length ? all[at] : null;
    }

    /** The VMA that contains {@code vaddr}. */
    public @Nullable VmAreaStruct vmaLookup(long vaddr) {
        VmAreaStruct vma = findVma(vaddr);
        return vma != null && vma.contains(vaddr) ? vma : null;
    }

    /** The last VMA that ends at or below {@code vaddr}. */
    public @Nullable VmAreaStruct previousVma(long vaddr) {
        VmAreaStruct[] all = vmas;
        int at = VmaArrays.firstEndingAbove(all, vaddr);
        return at > 0 ? all[at - 1] : null;
    }

    /** Adds a VMA, and links it with its file: vma_link(). */
    void insertVma(Cpu cpu, VmAreaStruct vma) {
        if (vma.file() != null) {
            vma.file().link(cpu, vma);
        }
        vmas = VmaArrays.with(vmas, vma);
    }

    void removeVma(VmAreaStruct vma) {
        vmas = VmaArrays.without(vmas, vma);
        vma.markDetached();
    }

    /** Publishes all VMAs of a new address space at once. */
    public void setVmas(VmAreaStruct[] all) {
        vmas = all;
    }

    // ---------------------------------------------------------------- counts

    public void addRss(Rss kind, long pages) {
        if (pages != 0) {
            LONGS.getAndAdd(rss, kind.ordinal(), pages);
        }
    }

    public long rss(Rss kind) {
        return (long) LONGS.getVolatile(rss, kind.ordinal());
    }

    public void addTables(int level, long n) {
        LONGS.getAndAdd(tables, level, n);
    }

    public long tables(int level) {
        return (long) LONGS.getVolatile(tables, level);
    }

    /** VmPTE in bytes: PTE, PMD and PUD tables, a shared table counted in each sharer; not the top table. */
    public long pgtablesBytes() {
        long sum = 0;
        for (int level = 1; level < Paging.TOP_LEVEL; level++) {
            sum += tables(level);
        }
        return sum * Paging.PAGE_BYTES;
    }

    public Rlimits limits() {
        return limits;
    }

    /** Pages of VMAs with VM_LOCKED: VmLck. */
    public long lockedVm() {
        return lockedVm;
    }

    /** Locks: mmap_lock for writing. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public void addLockedVm(long pages) {
        lockedVm += pages;
    }

    /** MMF_HAS_PINNED: a page of this mm may have been pinned at some time. */
    public boolean hasPinned(Cpu cpu) {
        cpu.step(Step.READ, flagsIdentity);
        return hasPinned;
    }

    public void setHasPinned(Cpu cpu) {
        cpu.step(Step.WRITE, flagsIdentity);
        hasPinned = true;
    }

    // ---------------------------------------------------------------- TLB bookkeeping

    /** CPUs that may hold translations of this mm. */
    public long cpumask() {
        return (long) CPUMASK.getVolatile(this);
    }

    public void setCpu(int cpu) {
        CPUMASK.getAndBitwiseOr(this, 1L << cpu);
    }

    public void clearCpu(int cpu) {
        CPUMASK.getAndBitwiseAnd(this, ~(1L << cpu));
    }

    /** Flush debts of this mm that are not settled: tlb_flush_pending. */
    public int tlbFlushPending() {
        return (int) FLUSH_PENDING.getVolatile(this);
    }

    public void addTlbFlushPending(int n) {
        FLUSH_PENDING.getAndAdd(this, n);
    }

    @Override
    public String toString() {
        return "mm" + id;
    }
}
