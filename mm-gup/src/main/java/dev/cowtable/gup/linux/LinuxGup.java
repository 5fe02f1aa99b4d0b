package dev.cowtable.gup.linux;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * get_user_pages and pin_user_pages as in Linux 6.18.
 *
 * <p>A look-up reads shared tables without breaking them. What it must change it changes through faults: a write fault for a read-only
 * entry, an unshare fault before a read-only pin of a page that is not exclusive; those faults break a shared table by themselves.
 *
 * <p>Nothing is remembered between a fault and the next look: the entry is judged anew each time.
 *
 * <p>Mirrors: __get_user_pages(), faultin_page(), gup_fast_fallback() (mm/gup.c).
 * <p>Differs: FOLL_LONGTERM never migrates, as there is no movable zone; no protection keys; signals do not interrupt.
 */
public final class LinuxGup implements GupStrategy {
    private final Kernel kernel;
    private final PageGrab grab;
    private final FastWalk fastWalk;
    private final SlowWalk slowWalk;

    /**
     * Makes the strategy from its steps.
     *
     * @param steps the look-up's decisions; other than {@link GupSteps} itself only in tests that plant a bug
     */
    public LinuxGup(Kernel kernel, GupSteps steps) {
        this.kernel = kernel;
        this.grab = new PageGrab(kernel);
        this.fastWalk = new FastWalk(kernel, grab, steps);
        this.slowWalk = new SlowWalk(kernel, grab, steps);
    }

    @Override
    public String name() {
        return "linux";
    }

    @Override
    public int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        requireSupported(cpu, mm, startVaddr, nrPages, follFlags);
        kernel.tlbFlush().switchMm(cpu, mm);
        int had = fastWalk.walk(cpu, mm, startVaddr, nrPages, follFlags, pfns);
        if (had == nrPages || (follFlags & FollFlags.FAST_ONLY) != 0) {
            return had;
        }
        long[] rest = new long[nrPages - had];
        int more = getUserPages(cpu, mm, startVaddr + had * 4096L, nrPages - had, follFlags | FollFlags.TOUCH, rest);
        if (more < 0) {
            return had > 0 ? had : more;
        }
        System.arraycopy(rest, 0, pfns, had, more);
        return had + more;
    }

    @Override
    public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        requireSupported(cpu, mm, startVaddr, nrPages, follFlags);
        if ((follFlags & FollFlags.PIN) != 0) {
            mm.setHasPinned(cpu);
        }
        mm.mmapLock().downRead(cpu);
        int had = 0;
        int error = 0;
        while (had < nrPages && error == 0) {
            long vaddr = startVaddr + had * 4096L;
            VmAreaStruct vma = mm.vmaLookup(vaddr);
            error = vma == null ? Errno.EFAULT.code() : SlowWalk.checkVmaFlags(vma, follFlags);
            if (error == 0 && vma != null) {
                long page = followOrFault(cpu, vma, vaddr, follFlags);
                if (page >= 0) {
                    pfns[had++] = page;
                } else {
                    error = (int) page;
                }
            }
        }
        mm.mmapLock().upRead(cpu);
        kernel.counters().add(cpu.id(), Counter.GUP_SLOW, had);
        return had > 0 ? had : error;
    }

    private void requireSupported(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags) {
        boolean keeps = (follFlags & (FollFlags.PIN | FollFlags.WRITE)) != 0;
        kernel.forkStrategy().require(cpu, mm, keeps ? Operation.PIN : Operation.GET, startVaddr,
                startVaddr + nrPages * 4096L);
    }

    /** The frame, referenced, or a negative errno. */
    private long followOrFault(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags) {
        while (true) {
            long page = slowWalk.followPagePte(cpu, vma, vaddr, follFlags);
            if (page != SlowWalk.NULL_PAGE && page != SlowWalk.EMLINK) {
                return page;
            }
            int error = faultinPage(cpu, vma, vaddr, follFlags, page == SlowWalk.EMLINK);
            if (error != 0) {
                return error;
            }
        }
    }

    /** Mirrors: faultin_page() with vm_fault_to_errno(). */
    private int faultinPage(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags, boolean unshare) {
        if ((follFlags & FollFlags.NOFAULT) != 0) {
            return Errno.EFAULT.code();
        }
        int flags = (follFlags & FollFlags.WRITE) != 0 ? VmFault.FLAG_WRITE : 0;
        int result = kernel.fault().handleMmFault(cpu, vma, vaddr, unshare ? flags | VmFault.FLAG_UNSHARE : flags);
        if ((result & VmFault.OOM) != 0) {
            return Errno.ENOMEM.code();
        }
        if ((result & VmFault.HWPOISON) != 0 && (follFlags & FollFlags.HWPOISON) != 0) {
            return Errno.EHWPOISON.code();
        }
        return (result & VmFault.ERROR) != 0 ? Errno.EFAULT.code() : 0;
    }

    @Override
    public void unpinUserPages(Cpu cpu, long[] pfns, int nrPages) {
        for (int i = 0; i < nrPages; i++) {
            grab.release(cpu, pfns[i], FollFlags.PIN);
        }
    }

    @Override
    public void putUserPages(Cpu cpu, long[] pfns, int nrPages) {
        for (int i = 0; i < nrPages; i++) {
            grab.release(cpu, pfns[i], FollFlags.GET);
        }
    }
}
