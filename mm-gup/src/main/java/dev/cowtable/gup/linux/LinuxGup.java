package dev.cowtable.gup.linux;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * get_user_pages and pin_user_pages as in Linux 6.18.
 *
 * <p>A look-up reads shared tables without breaking them. What it must change it changes through faults: a write fault for a read-only
 * entry, an unshare fault before a read-only pin of a page that is not exclusive; those faults break a shared table by themselves.
 *
 * <p>Nothing is remembered between a fault and the next look: the entry is judged anew each time.
 *
 * <p>Mirrors: __get_user_pages(), follow_page_pte(), faultin_page(), gup_fast_fallback() (mm/gup.c).
 * <p>Differs: FOLL_LONGTERM never migrates, as there is no movable zone.
 */
public final class LinuxGup implements GupStrategy {
    private static final long NULL_PAGE = -1;
    private static final long EMLINK = -2;

    private final Kernel kernel;
    private final PageGrab grab;
    private final FastWalk fastWalk;

    /**
     * Makes the strategy from its steps.
     *
     * @param steps the lockless walk's decisions; other than {@link GupSteps} itself only in tests that plant a bug
     */
    public LinuxGup(Kernel kernel, GupSteps steps) {
        this.kernel = kernel;
        this.grab = new PageGrab(kernel);
        this.fastWalk = new FastWalk(kernel, grab, steps);
    }

    @Override
    public String name() {
        return "linux";
    }

    @Override
    public int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        kernel.tlbFlush().switchMm(cpu, mm);
        int had = fastWalk.walk(cpu, mm, startVaddr, nrPages, follFlags, pfns);
        if (had == nrPages) {
            return had;
        }
        long[] rest = new long[nrPages - had];
        int more = getUserPages(cpu, mm, startVaddr + had * 4096L, nrPages - had, follFlags, rest);
        if (more < 0) {
            return had > 0 ? had : more;
        }
        System.arraycopy(rest, 0, pfns, had, more);
        return had + more;
    }

    @Override
    public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        if ((follFlags & FollFlags.PIN) != 0) {
            mm.setHasPinned(cpu);
        }
        mm.mmapLock().downRead(cpu);
        int had = 0;
        int error = 0;
        while (had < nrPages && error == 0) {
            long vaddr = startVaddr + had * 4096L;
            VmAreaStruct vma = mm.vmaLookup(vaddr);
            error = vma == null ? Errno.EFAULT.code() : checkVmaFlags(vma, follFlags);
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

    /** Mirrors: check_vma_flags(). */
    private static int checkVmaFlags(VmAreaStruct vma, int follFlags) {
        boolean force = (follFlags & FollFlags.FORCE) != 0;
        boolean allowed;
        if (vma.has(VmFlags.IO | VmFlags.PFNMAP)) {
            allowed = false;
        } else if ((follFlags & FollFlags.WRITE) != 0) {
            allowed = vma.has(VmFlags.WRITE) || (force && vma.isCowMapping());
        } else {
            allowed = vma.has(VmFlags.READ) || (force && vma.has(VmFlags.MAYREAD));
        }
        return allowed ? 0 : Errno.EFAULT.code();
    }

    /** The frame, referenced, or a negative errno. */
    private long followOrFault(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags) {
        while (true) {
            long page = followPagePte(cpu, vma, vaddr, follFlags);
            if (page >= 0) {
                return page;
            }
            if ((follFlags & FollFlags.NOFAULT) != 0) {
                return Errno.EFAULT.code();
            }
            int error = faultinPage(cpu, vma, vaddr, follFlags, page == EMLINK);
            if (error != 0) {
                return error;
            }
        }
    }

    private int faultinPage(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags, boolean unshare) {
        int flags = (follFlags & FollFlags.WRITE) != 0 ? VmFault.FLAG_WRITE : 0;
        int result = kernel.fault().handleMmFault(cpu, vma, vaddr, unshare ? flags | VmFault.FLAG_UNSHARE : flags);
        if ((result & VmFault.OOM) != 0) {
            return Errno.ENOMEM.code();
        }
        return (result & VmFault.ERROR) != 0 ? Errno.EFAULT.code() : 0;
    }

    /**
     * Looks one page up under the table's lock and takes a reference.
     *
     * @return the frame; {@link #NULL_PAGE} to fault for the access; {@link #EMLINK} to make the page exclusive first
     */
    private long followPagePte(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdOffset(cpu, vma.mm(), vaddr);
        @Nullable PtDesc table = pmdPaddr == PageTables.NO_ENTRY ? null : tables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return NULL_PAGE;
        }
        long page = follow(cpu, vma, cpu.memory().read(PageTables.ptePaddr(table, vaddr)), follFlags);
        table.ptl().unlock(cpu);
        return page;
    }

    private long follow(Cpu cpu, VmAreaStruct vma, long pte, int follFlags) {
        if (!Pte.isPresent(pte)) {
            return NULL_PAGE;
        }
        long pfn = Pte.pfn(pte);
        boolean writable = Pte.isWritable(pte);
        if ((follFlags & FollFlags.WRITE) != 0 && !writable && !canFollowWrite(cpu, vma, pte, follFlags)) {
            return NULL_PAGE;
        }
        if (!writable && grab.mustUnshare(cpu, pfn, follFlags, true, vma.isCowMapping())) {
            return EMLINK;
        }
        grab.grab(cpu, pfn, follFlags);
        return pfn;
    }

    /**
     * A forced write may use a read-only entry only if the page is exclusive already in a private mapping that cannot be written.
     *
     * <p>Mirrors: can_follow_write_pte().
     */
    private boolean canFollowWrite(Cpu cpu, VmAreaStruct vma, long pte, int follFlags) {
        return (follFlags & FollFlags.FORCE) != 0 && !vma.has(VmFlags.SHARED | VmFlags.MAYSHARE | VmFlags.WRITE)
                && vma.has(VmFlags.MAYWRITE) && !Pte.isSpecial(pte)
                && (kernel.memMap().flags(cpu, Pte.pfn(pte)) & PageFlags.ANON_EXCLUSIVE) != 0;
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
