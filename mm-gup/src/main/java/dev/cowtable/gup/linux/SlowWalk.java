package dev.cowtable.gup.linux;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * One look at one entry under its table's lock, and whether a VMA may be looked at so.
 *
 * <p>A shared table is read as it is. What would have to change in it is left to a fault, which breaks it.
 *
 * <p>Mirrors: check_vma_flags(), follow_page_pte(), can_follow_write_pte() (mm/gup.c).
 * <p>Locks: mmap_lock for reading; takes ptl.
 */
final class SlowWalk {
    /** Nothing there that serves: fault for the access. */
    static final long NULL_PAGE = -1000;
    /** The page must be made exclusive first: fault with FAULT_FLAG_UNSHARE. */
    static final long EMLINK = -1001;

    private final Kernel kernel;
    private final MemMap memMap;
    private final PageGrab grab;
    private final GupSteps steps;

    SlowWalk(Kernel kernel, PageGrab grab, GupSteps steps) {
        this.steps = steps;
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.grab = grab;
    }

    /** 0, or -EFAULT if the flags do not permit to look into this VMA. */
    static int checkVmaFlags(VmAreaStruct vma, int follFlags) {
        boolean force = (follFlags & FollFlags.FORCE) != 0;
        boolean allowed;
        if (vma.has(VmFlags.IO | VmFlags.PFNMAP)) {
            allowed = false;
        } else if ((follFlags & FollFlags.WRITE) != 0) {
            allowed = (vma.has(VmFlags.WRITE) || (force && vma.isCowMapping()))
                    && writableFileMappingAllowed(vma, follFlags);
        } else {
            allowed = vma.has(VmFlags.READ) || (force && vma.has(VmFlags.MAYREAD));
        }
        return allowed ? 0 : Errno.EFAULT.code();
    }

    /** A long-term write pin would hide writes from a file system that tracks dirty pages: writable_file_mapping_allowed(). */
    private static boolean writableFileMappingAllowed(VmAreaStruct vma, int follFlags) {
        boolean longterm = (follFlags & FollFlags.LONGTERM) != 0;
        return !longterm || !vma.has(VmFlags.SHARED) || vma.file() == null || vma.file().shmem();
    }

    /**
     * Looks one page up and takes what the flags ask for.
     *
     * @return the frame; {@link #NULL_PAGE}; {@link #EMLINK}; or a negative errno
     */
    long followPagePte(Cpu cpu, VmAreaStruct vma, long vaddr, int follFlags) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdOffset(cpu, vma.mm(), vaddr);
        @Nullable PtDesc table = pmdPaddr == PageTables.NO_ENTRY ? null
                : steps.lockTable(kernel, cpu, vma.mm(), pmdPaddr, vaddr, follFlags);
        if (table == null) {
            return noPage(vma, follFlags);
        }
        if (table == PtDesc.NO_MEMORY) {
            return Errno.ENOMEM.code();
        }
        long page = follow(cpu, vma, cpu.memory().read(PageTables.ptePaddr(table, vaddr)), follFlags);
        if (page >= 0) {
            steps.taken(table, follFlags);
        }
        table.ptl().unlock(cpu);
        return page;
    }

    /** Mirrors: no_page_table(). */
    private static long noPage(VmAreaStruct vma, int follFlags) {
        boolean dumped = (follFlags & FollFlags.DUMP) != 0 && vma.isAnonymous();
        return dumped ? Errno.EFAULT.code() : NULL_PAGE;
    }

    private long follow(Cpu cpu, VmAreaStruct vma, long pte, int follFlags) {
        boolean honorHint = (follFlags & FollFlags.HONOR_NUMA_FAULT) != 0 && vma.has(VmFlags.ACCESS_FLAGS);
        if (!Pte.isPresent(pte) || (honorHint && Pte.isProtnone(pte))) {
            return Pte.isNone(pte) ? noPage(vma, follFlags) : NULL_PAGE;
        }
        boolean writable = Pte.isWritable(pte);
        if ((follFlags & FollFlags.WRITE) != 0 && !writable && !canFollowWrite(cpu, vma, pte, follFlags)) {
            return NULL_PAGE;
        }
        long pfn = Pte.pfn(pte);
        if (Pte.isSpecial(pte) && (pfn != kernel.zeroPfn() || (follFlags & FollFlags.DUMP) != 0)) {
            return (follFlags & FollFlags.DUMP) != 0 ? Errno.EFAULT.code() : Errno.EEXIST.code();
        }
        if (!writable && grab.mustUnshare(cpu, pfn, follFlags, true, vma.isCowMapping())) {
            return EMLINK;
        }
        grab.grab(cpu, pfn, follFlags);
        if ((follFlags & FollFlags.TOUCH) != 0) {
            grab.touch(cpu, pfn, (follFlags & FollFlags.WRITE) != 0 && !Pte.isDirty(pte));
        }
        return pfn;
    }

    /**
     * A forced write may use a read-only entry only if the page is exclusive already in a private mapping that cannot be written.
     *
     * <p>Mirrors: can_follow_write_pte(), can_follow_write_common(). Why: the entry's dirty bit says nothing (Dirty COW), only the
     * page's being exclusive does.
     */
    private boolean canFollowWrite(Cpu cpu, VmAreaStruct vma, long pte, int follFlags) {
        boolean forced = (follFlags & FollFlags.FORCE) != 0
                && !vma.has(VmFlags.SHARED | VmFlags.MAYSHARE | VmFlags.WRITE) && vma.has(VmFlags.MAYWRITE);
        if (!forced || Pte.isSpecial(pte) || (memMap.flags(cpu, Pte.pfn(pte)) & PageFlags.ANON_EXCLUSIVE) == 0) {
            return false;
        }
        boolean uffdWp = vma.has(VmFlags.UFFD_WP) && (pte & Pte.UFFD_WP) != 0;
        return !uffdWp && !kernel.softDirty().needsWriteProtect(vma, pte);
    }
}
