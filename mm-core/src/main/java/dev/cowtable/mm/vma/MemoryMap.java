package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that change an address space. Each returns 0 or a negative errno.
 *
 * <p>Mirrors: mm/mmap.c, mm/vma.c. Addresses are page-aligned; mappings go where the caller says (MAP_FIXED).
 * <p>Locks: takes mmap_lock.
 */
public final class MemoryMap {
    /** End of user addresses: TASK_SIZE. */
    public static final long TASK_SIZE = (1L << 47) - 4096;

    /** Flags of {@link #mmap}: MAP_*. */
    public static final int MAP_SHARED = 0x1;
    public static final int MAP_GROWSDOWN = 0x100;
    public static final int MAP_LOCKED = 0x2000;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_POPULATE = 0x8000;

    /** Flags of {@link #mremap}: MREMAP_*. */
    public static final int MREMAP_MAYMOVE = Mremap.MAYMOVE;
    public static final int MREMAP_FIXED = Mremap.FIXED;
    public static final int MREMAP_DONTUNMAP = Mremap.DONTUNMAP;

    private final Kernel kernel;
    private final VmaMerge merge;
    private final Zap zap;
    private final Munmap munmap;
    private final Mprotect mprotect;
    private final Madvise madvise;
    private final Mremap mremap;
    private final Mlock mlock;
    private final Mincore mincore;
    private final Populate populate;
    private final StackGrowth stackGrowth;

    public MemoryMap(Kernel kernel) {
        this.kernel = kernel;
        this.merge = new VmaMerge(kernel);
        this.zap = new Zap(kernel);
        this.munmap = new Munmap(kernel, merge, zap);
        this.populate = new Populate(kernel);
        this.mprotect = new Mprotect(kernel, merge, populate);
        this.madvise = new Madvise(kernel, merge, zap, populate);
        this.mremap = new Mremap(kernel, merge, munmap, populate);
        this.mlock = new Mlock(kernel, merge, populate);
        this.mincore = new Mincore(kernel);
        this.stackGrowth = new StackGrowth(kernel);
    }

    /** Un-accounting of whole tables, for strategies that detach. */
    public Zap zap() {
        return zap;
    }

    // ---------------------------------------------------------------- mmap

    /**
     * Maps anonymous memory, private unless {@link #MAP_SHARED} is given; faults it in if it is locked or to be populated.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     * @param mapFlags MAP_ flags
     */
    public int mmap(Cpu cpu, MmStruct mm, long start, long bytes, long prot, int mapFlags) {
        boolean locked = (mapFlags & MAP_LOCKED) != 0;
        if (locked && !mm.limits().canDoMlock()) {
            return Errno.EPERM.code();
        }
        if (locked && !mm.limits().mayLock(mm.lockedVm() + (bytes >>> 12))) {
            return Errno.EAGAIN.code();
        }
        int error = (mapFlags & MAP_SHARED) != 0 ? mapShared(cpu, mm, start, bytes, vmFlags(prot, mapFlags))
                : mmapRegion(cpu, mm, start, bytes, accounted(vmFlags(prot, mapFlags)), null, start >>> 12);
        if (error == 0 && (mapFlags & (MAP_LOCKED | MAP_POPULATE)) != 0) {
            populate(cpu, mm, start, start + bytes);
        }
        return error;
    }

    private static long vmFlags(long prot, int mapFlags) {
        return prot | VmFlags.MAY_FLAGS | ((mapFlags & MAP_NORESERVE) != 0 ? VmFlags.NORESERVE : 0)
                | ((mapFlags & MAP_LOCKED) != 0 ? VmFlags.LOCKED : 0)
                | ((mapFlags & MAP_GROWSDOWN) != 0 ? VmFlags.GROWSDOWN : 0);
    }

    /** Private memory is charged if it can be written. */
    private static long accounted(long flags) {
        boolean accountable = (flags & (VmFlags.NORESERVE | VmFlags.WRITE)) == VmFlags.WRITE;
        return accountable ? flags | VmFlags.ACCOUNT : flags;
    }

    /**
     * Maps private anonymous memory.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     */
    public int mmapAnonymous(Cpu cpu, MmStruct mm, long start, long bytes, long prot, boolean noreserve) {
        return mmap(cpu, mm, start, bytes, prot, noreserve ? MAP_NORESERVE : 0);
    }

    /**
     * Maps new shared anonymous memory: an object of its own, held by the VMAs that map it.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     */
    public int mmapShared(Cpu cpu, MmStruct mm, long start, long bytes, long prot, boolean noreserve) {
        return mmap(cpu, mm, start, bytes, prot, noreserve ? MAP_SHARED | MAP_NORESERVE : MAP_SHARED);
    }

    /** Mirrors: mmap() with MAP_SHARED | MAP_ANONYMOUS, shmem_zero_setup(). */
    private int mapShared(Cpu cpu, MmStruct mm, long start, long bytes, long flags) {
        AddressSpace file = kernel.shmem().create("/dev/zero", (bytes + 4095) >>> 12);
        int error = mmapRegion(cpu, mm, start, bytes, flags | VmFlags.SHARED | VmFlags.MAYSHARE, file, 0);
        file.put(cpu);
        return error;
    }

    /**
     * Replaces what is mapped in a range by a new mapping with exactly these VM_ flags.
     *
     * <p>Mirrors: mmap_region() with MAP_FIXED.
     */
    public int mmapRegion(Cpu cpu, MmStruct mm, long start, long bytes, long flags, @Nullable AddressSpace file,
            long pgoff) {
        long end = start + bytes;
        if (bytes <= 0 || start < 0 || end > TASK_SIZE) {
            return bytes <= 0 ? Errno.EINVAL.code() : Errno.ENOMEM.code();
        }
        mm.mmapWriteLock(cpu);
        int error = mm.vmas().length > mm.limits().maxMapCount() || !mm.limits().mayExpand(mm, bytes)
                ? Errno.ENOMEM.code()
                : munmap.unmap(cpu, mm, start, end);
        if (error == 0) {
            insertRegion(cpu, mm, start, end, flags | kernel.softDirty().newVma(), file, pgoff);
        }
        mm.mmapWriteUnlock(cpu);
        return error;
    }

    private void insertRegion(Cpu cpu, MmStruct mm, long start, long end, long flags, @Nullable AddressSpace file,
            long pgoff) {
        if (merge.mergeNewRange(cpu, mm, start, end, flags, file, pgoff) == null) {
            VmAreaStruct vma = new VmAreaStruct(mm, kernel.lockdep(), start, end, flags, pgoff, file);
            vma.startWrite(cpu);
            mm.insertVma(cpu, vma);
        }
        if ((flags & VmFlags.LOCKED) != 0) {
            mm.addLockedVm((end - start) >>> 12);
        }
    }

    /** Faults a range in as MAP_POPULATE does: with write intent where the mapping is private and writable. Errors are ignored. */
    public void populate(Cpu cpu, MmStruct mm, long start, long end) {
        populate.mmPopulate(cpu, mm, start, end, true);
    }

    // ---------------------------------------------------------------- munmap

    public int munmap(Cpu cpu, MmStruct mm, long start, long bytes) {
        if (bytes <= 0 || start < 0 || start + bytes > TASK_SIZE) {
            return Errno.EINVAL.code();
        }
        mm.mmapWriteLock(cpu);
        int error = munmap.unmap(cpu, mm, start, start + bytes);
        mm.mmapWriteUnlock(cpu);
        return error;
    }

    /**
     * Unmaps everything: exit_mmap().
     *
     * <p>Locks: takes mmap_lock for writing. Never allocates.
     */
    public void exitMmap(Cpu cpu, MmStruct mm) {
        munmap.exitMmap(cpu, mm);
    }

    /**
     * Moves or resizes mappings.
     *
     * @param newStart where to, with {@link #MREMAP_FIXED}
     * @param flags MREMAP_ flags
     */
    public int mremap(Cpu cpu, MmStruct mm, long oldStart, long oldBytes, long newStart, long newBytes, int flags) {
        kernel.forkStrategy().require(cpu, mm, Operation.MREMAP, oldStart, oldStart + oldBytes);
        return mremap.mremap(cpu, new Remap(mm, oldStart, oldBytes, newBytes, flags, newStart));
    }

    // ---------------------------------------------------------------- mprotect, madvise

    /**
     * Changes the rights of a range.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     */
    public int mprotect(Cpu cpu, MmStruct mm, long start, long bytes, long prot) {
        kernel.forkStrategy().require(cpu, mm, Operation.MPROTECT, start, start + bytes);
        return mprotect.mprotect(cpu, mm, start, start + bytes, prot);
    }

    public int madvise(Cpu cpu, MmStruct mm, long start, long bytes, Advice advice) {
        return madvise.madvise(cpu, mm, start, start + bytes, advice);
    }

    /** Advice from one process for another's memory, or its own: the number of bytes advised or a negative errno. */
    public long processMadvise(Cpu cpu, MmStruct caller, MmStruct target, long start, long bytes, Advice advice) {
        return madvise.processMadvise(cpu, caller, target, start, start + bytes, advice);
    }

    // ---------------------------------------------------------------- mlock, mincore, stacks

    /** Keeps a range in memory: faults it in now, or with {@code onfault} as it is used. */
    public int mlock(Cpu cpu, MmStruct mm, long start, long bytes, boolean onfault) {
        return mlock.mlock(cpu, mm, start, start + bytes, onfault);
    }

    public int munlock(Cpu cpu, MmStruct mm, long start, long bytes) {
        return mlock.munlock(cpu, mm, start, start + bytes);
    }

    /** Tells of each page, in {@code out}, whether it is in memory. */
    public int mincore(Cpu cpu, MmStruct mm, long start, long bytes, byte[] out) {
        return mincore.mincore(cpu, mm, start, start + bytes, out);
    }

    /** Grows a stack down to an address that faulted; true if it lies in a VMA now. The caller holds no lock. */
    public boolean expandStack(Cpu cpu, MmStruct mm, long vaddr) {
        return stackGrowth.expand(cpu, mm, vaddr);
    }
}
