package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.RwSemaphore;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mm.rmap.AnonVmaChain;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtual memory area of one address space.
 *
 * <p>Mirrors: struct vm_area_struct; the per-VMA lock as in mm/mmap_lock.c.
 *
 * <p>Locks: start, end, flags, pgoff and the anon_vma are written only while holding mmap_lock for writing and the VMA
 * write-locked; read reliably while holding either mmap_lock or the VMA's read lock; read unreliably holding nothing, to find a VMA
 * and then look again. Exception: the anon_vma is set from null under mmap_lock for reading plus page_table_lock.
 */
public final class VmAreaStruct {
    private final MmStruct mm;
    private final @Nullable AddressSpace file;
    private final RwSemaphore vmLock;
    private long start;
    private long end;
    private long flags;
    private long pgoff;
    private volatile @Nullable AnonVma anonVma;
    /** Links to every anon_vma whose pages this VMA may map, newest first. */
    private final List<AnonVmaChain> anonVmaChain = new ArrayList<>(2);
    /** Equals the mm's {@code mmLockSeq} while write-locked. */
    private volatile long vmLockSeq = -1;
    private volatile boolean detached;

    public VmAreaStruct(MmStruct mm, Lockdep lockdep, long start, long end, long flags, long pgoff,
            @Nullable AddressSpace file) {
        this.mm = mm;
        this.vmLock = new RwSemaphore(lockdep, LockClass.VMA_LOCK);
        this.start = start;
        this.end = end;
        this.flags = flags;
        this.pgoff = pgoff;
        this.file = file;
    }

    /** A VMA of the same range, flags and file in {@code mm}, without anon_vma: vm_area_dup(). */
    public VmAreaStruct dup(MmStruct into, Lockdep lockdep) {
        return new VmAreaStruct(into, lockdep, start, end, flags, pgoff, file);
    }

    public MmStruct mm() {
        return mm;
    }

    public long start() {
        return start;
    }

    public long end() {
        return end;
    }

    public long flags() {
        return flags;
    }

    public boolean has(long flag) {
        return (flags & flag) != 0;
    }

    public long pgoff() {
        return pgoff;
    }

    public @Nullable AddressSpace file() {
        return file;
    }

    /** True for a mapping without a file: vma_is_anonymous(). */
    public boolean isAnonymous() {
        return file == null;
    }

    public boolean isCowMapping() {
        return VmFlags.isCowMapping(flags);
    }

    public long pageProt() {
        return VmFlags.pageProt(flags);
    }

    public boolean contains(long vaddr) {
        return start <= vaddr && vaddr < end;
    }

    /** Page offset of an address in what the VMA maps: linear_page_index(). */
    public long linearPageIndex(long vaddr) {
        return ((vaddr - start) >>> 12) + pgoff;
    }

    /** Address at which the VMA maps a page offset: vma_address(). */
    public long vmaAddress(long index) {
        return start + ((index - pgoff) << 12);
    }

    public @Nullable AnonVma anonVma() {
        return anonVma;
    }

    public void setAnonVma(@Nullable AnonVma anonVma) {
        this.anonVma = anonVma;
    }

    public List<AnonVmaChain> anonVmaChain() {
        return anonVmaChain;
    }

    /** True if this VMA was cloned from a parent that had an anon_vma: vma_is_fork_child(). */
    public boolean isForkChild() {
        return anonVma != null && anonVmaChain.size() > 1;
    }

    void setRange(long newStart, long newEnd) {
        pgoff += (newStart - start) >> 12;
        start = newStart;
        end = newEnd;
    }

    /** Takes over those of {@code merged}'s flags that a merge joins. */
    void addSticky(long merged) {
        flags |= merged & VmFlags.STICKY;
    }

    public void setFlags(long newFlags) {
        flags = newFlags;
    }

    /** The file is not mapped here any more: unlink_file_vma(). */
    void unlinkFile(Cpu cpu) {
        if (file != null) {
            file.unlink(cpu, this);
        }
    }

    /** Gives the file back, when nothing of it is mapped here: remove_vma(). */
    void putFile(Cpu cpu) {
        if (file != null) {
            file.put(cpu);
        }
    }

    // ---------------------------------------------------------------- the VMA's lock

    /**
     * Tries to take the VMA's lock for reading; false sends the caller to mmap_lock.
     *
     * <p>Mirrors: vma_start_read().
     */
    public boolean startRead(Cpu cpu) {
        if (vmLockSeq == mm.mmLockSeq() || !vmLock.downReadTrylock(cpu)) {
            return false;
        }
        if (vmLockSeq == mm.mmLockSeq() || detached) {
            vmLock.upRead(cpu);
            return false;
        }
        return true;
    }

    public void endRead(Cpu cpu) {
        vmLock.upRead(cpu);
    }

    /**
     * Locks out readers until mmap_lock is dropped for writing.
     *
     * <p>Mirrors: vma_start_write().
     * <p>Locks: mmap_lock for writing; waits for readers of the VMA.
     */
    public void startWrite(Cpu cpu) {
        mm.mmapLock().assertHeldWrite();
        if (vmLockSeq == mm.mmLockSeq()) {
            return;
        }
        vmLock.downWrite(cpu);
        vmLockSeq = mm.mmLockSeq();
        vmLock.upWrite(cpu);
    }

    public boolean isWriteLocked() {
        return vmLockSeq == mm.mmLockSeq();
    }

    /** Marks the VMA as no longer part of its mm. */
    public void markDetached() {
        detached = true;
    }

    @Override
    public String toString() {
        return "[0x" + Long.toHexString(start) + ", 0x" + Long.toHexString(end) + ") flags=0x"
                + Long.toHexString(flags);
    }
}
