package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.pgtable.FreePgtables;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.Zap.WholeTables;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;
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

    private final Kernel kernel;
    private final VmaMerge merge;
    private final Zap zap;
    private final FreePgtables freePgtables;
    private final Mprotect mprotect;
    private final Madvise madvise;

    public MemoryMap(Kernel kernel) {
        this.kernel = kernel;
        this.merge = new VmaMerge(kernel);
        this.zap = new Zap(kernel);
        this.freePgtables = new FreePgtables(kernel.pageTables());
        this.mprotect = new Mprotect(kernel, merge);
        this.madvise = new Madvise(kernel, merge, zap);
    }

    /** Un-accounting of whole tables, for strategies that detach. */
    public Zap zap() {
        return zap;
    }

    // ---------------------------------------------------------------- mmap

    /**
     * Maps private anonymous memory.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     */
    public int mmapAnonymous(Cpu cpu, MmStruct mm, long start, long bytes, long prot, boolean noreserve) {
        return mmapRegion(cpu, mm, start, bytes, anonymousFlags(prot, noreserve), null, start >>> 12);
    }

    private static long anonymousFlags(long prot, boolean noreserve) {
        long flags = prot | VmFlags.MAY_FLAGS | (noreserve ? VmFlags.NORESERVE : 0);
        boolean accountable = (flags & (VmFlags.NORESERVE | VmFlags.WRITE)) == VmFlags.WRITE;
        return accountable ? flags | VmFlags.ACCOUNT : flags;
    }

    /**
     * Replaces what is mapped in a range by a new mapping with exactly these VM_ flags.
     *
     * <p>Mirrors: mmap_region() with MAP_FIXED.
     */
    public int mmapRegion(Cpu cpu, MmStruct mm, long start, long bytes, long flags, @Nullable FileMapping file,
            long pgoff) {
        long end = start + bytes;
        if (bytes <= 0 || start < 0 || end > TASK_SIZE) {
            return bytes <= 0 ? Errno.EINVAL.code() : Errno.ENOMEM.code();
        }
        mm.mmapWriteLock(cpu);
        int error = unmapLocked(cpu, mm, start, end);
        if (error == 0 && merge.mergeNewRange(cpu, mm, start, end, flags, file, pgoff) == null) {
            VmAreaStruct vma = new VmAreaStruct(mm, kernel.lockdep(), start, end, flags, pgoff, file);
            vma.startWrite(cpu);
            mm.insertVma(vma);
        }
        mm.mmapWriteUnlock(cpu);
        return error;
    }

    /** Faults a range in as MAP_POPULATE does: with write intent where the mapping is private and writable. Errors are ignored. */
    public void populate(Cpu cpu, MmStruct mm, long start, long end) {
        long[] pfn = new long[1];
        for (long at = start; at < end; at += 4096) {
            VmAreaStruct vma = mm.vmaLookup(at);
            if (vma == null || !vma.has(VmFlags.ACCESS_FLAGS)) {
                continue;
            }
            boolean write = (vma.flags() & (VmFlags.WRITE | VmFlags.SHARED)) == VmFlags.WRITE;
            int flags = FollFlags.GET | FollFlags.FORCE | (write ? FollFlags.WRITE : 0);
            if (kernel.gupStrategy().getUserPages(cpu, mm, at, 1, flags, pfn) == 1) {
                kernel.gupStrategy().putUserPages(cpu, pfn, 1);
            }
        }
    }

    // ---------------------------------------------------------------- munmap

    public int munmap(Cpu cpu, MmStruct mm, long start, long bytes) {
        if (bytes <= 0 || start < 0 || start + bytes > TASK_SIZE) {
            return Errno.EINVAL.code();
        }
        mm.mmapWriteLock(cpu);
        int error = unmapLocked(cpu, mm, start, start + bytes);
        mm.mmapWriteUnlock(cpu);
        return error;
    }

    /** Mirrors: do_vmi_align_munmap(). Shared tables at the edges are broken first, so that a failure changes nothing. */
    private int unmapLocked(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct first = mm.findVma(start);
        if (first == null || first.start() >= end) {
            return 0;
        }
        long floor = floor(mm, first, start);
        long ceiling = ceiling(mm, end);
        WholeTables whole = wholeTables(floor, ceiling);
        long from = Math.max(start, first.start());
        if (zap.prepare(cpu, mm, from, lastMapped(mm, end), whole, BreakIntent.UNMAP) == BreakResult.NOMEM) {
            return Errno.ENOMEM.code();
        }
        splitEdges(cpu, mm, start, end);
        VmAreaStruct[] gone = detachVmas(cpu, mm, start, end);
        unmapRegion(cpu, mm, gone, floor, ceiling, whole);
        return 0;
    }

    /** Where the address space that stays ends below the range. */
    private static long floor(MmStruct mm, VmAreaStruct first, long start) {
        if (first.start() < start) {
            return start;
        }
        VmAreaStruct previous = mm.previousVma(first.start());
        return previous == null ? 0 : previous.end();
    }

    /** Where the address space that stays begins above the range; 0 if nothing stays there. */
    private static long ceiling(MmStruct mm, long end) {
        VmAreaStruct next = mm.findVma(end);
        return next == null ? 0 : Math.max(end, next.start());
    }

    private static WholeTables wholeTables(long floor, long ceiling) {
        long from = (floor + PageTables.PMD_BYTES - 1) & -PageTables.PMD_BYTES;
        return new WholeTables(from, ceiling == 0 ? Long.MAX_VALUE : ceiling & -PageTables.PMD_BYTES);
    }

    private static long lastMapped(MmStruct mm, long end) {
        VmAreaStruct above = mm.findVma(end - 1);
        if (above != null && above.contains(end - 1)) {
            return end;
        }
        VmAreaStruct below = mm.previousVma(end - 1);
        return below == null ? end : below.end();
    }

    private void splitEdges(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct first = mm.vmaLookup(start);
        if (first != null && first.start() < start) {
            merge.splitVma(cpu, first, start);
        }
        VmAreaStruct last = mm.vmaLookup(end - 1);
        if (last != null && last.end() > end) {
            merge.splitVma(cpu, last, end);
        }
    }

    private static VmAreaStruct[] detachVmas(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct[] all = mm.vmas();
        int from = MmStruct.firstEndingAbove(all, start);
        int to = from;
        while (to < all.length && all[to].start() < end) {
            all[to].startWrite(cpu);
            mm.removeVma(all[to++]);
        }
        return Arrays.copyOfRange(all, from, to);
    }

    /** Mirrors: unmap_region(): zap, unlink from rmap, free tables, all behind one gather. */
    private void unmapRegion(Cpu cpu, MmStruct mm, VmAreaStruct[] vmas, long floor, long ceiling, WholeTables whole) {
        MmuGather tlb = new MmuGather(kernel, mm);
        for (VmAreaStruct vma : vmas) {
            zap.unmapPageRange(cpu, tlb, vma.start(), vma.end(), whole, false);
        }
        for (VmAreaStruct vma : vmas) {
            kernel.rmap().unlinkAnonVmas(cpu, vma);
        }
        if (vmas.length > 0) {
            freePgtables.freePgtables(cpu, tlb, mm, vmas[0].start(), vmas[vmas.length - 1].end(), floor,
                    ceiling);
        }
        tlb.finish(cpu);
    }

    /**
     * Unmaps everything: exit_mmap().
     *
     * <p>Locks: takes mmap_lock for writing. Never allocates.
     */
    public void exitMmap(Cpu cpu, MmStruct mm) {
        mm.mmapWriteLock(cpu);
        VmAreaStruct[] all = detachVmas(cpu, mm, 0, TASK_SIZE);
        unmapRegion(cpu, mm, all, 0, 0, WholeTables.ALL);
        mm.mmapWriteUnlock(cpu);
    }

    // ---------------------------------------------------------------- mprotect, madvise

    /**
     * Changes the rights of a range.
     *
     * @param prot VM_READ, VM_WRITE, VM_EXEC
     */
    public int mprotect(Cpu cpu, MmStruct mm, long start, long bytes, long prot) {
        return mprotect.mprotect(cpu, mm, start, start + bytes, prot);
    }

    public int madvise(Cpu cpu, MmStruct mm, long start, long bytes, Advice advice) {
        return madvise.madvise(cpu, mm, start, start + bytes, advice);
    }
}
