package dev.cowtable.mm.vma;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mmu.entry.Entry;

/**
 * Bits of {@code vma->vm_flags}, and what they mean for page protection.
 *
 * <p>Mirrors: include/linux/mm.h; protection_map[] of x86.
 */
public final class VmFlags {
    public static final long READ = 0x1;
    public static final long WRITE = 0x2;
    public static final long EXEC = 0x4;
    public static final long SHARED = 0x8;
    public static final long MAYREAD = 0x10;
    public static final long MAYWRITE = 0x20;
    public static final long MAYEXEC = 0x40;
    public static final long MAYSHARE = 0x80;
    public static final long GROWSDOWN = 0x100;
    public static final long PFNMAP = 0x400;
    /** Guard markers may lie here; sticky: set by MADV_GUARD_INSTALL for good, and no obstacle to a merge. */
    public static final long MAYBE_GUARD = 0x800;
    public static final long LOCKED = 0x2000;
    public static final long IO = 0x4000;
    public static final long SEQ_READ = 0x8000;
    public static final long RAND_READ = 0x10000;
    public static final long DONTCOPY = 0x20000;
    public static final long DONTEXPAND = 0x40000;
    public static final long LOCKONFAULT = 0x80000;
    public static final long ACCOUNT = 0x100000;
    public static final long NORESERVE = 0x200000;
    public static final long HUGETLB = 0x400000;
    public static final long WIPEONFORK = 0x2000000;
    /** All of the VMA counts as written; only in a kernel that tracks it. */
    public static final long SOFTDIRTY = 0x8000000;
    public static final long MIXEDMAP = 0x10000000;
    public static final long HUGEPAGE = 0x20000000;
    public static final long NOHUGEPAGE = 0x40000000;
    public static final long MERGEABLE = 0x80000000L;
    public static final long UFFD_MISSING = 1L << 32;
    public static final long UFFD_WP = 1L << 33;

    public static final long ACCESS_FLAGS = READ | WRITE | EXEC;
    /** Flags that do not hinder a merge, and that the merged VMA has if one of the parts had them. */
    public static final long STICKY = MAYBE_GUARD | SOFTDIRTY;
    /** VMAs that are never merged and never mlocked. */
    public static final long SPECIAL = IO | DONTEXPAND | PFNMAP | MIXEDMAP;
    public static final long MAY_FLAGS = MAYREAD | MAYWRITE | MAYEXEC;

    private VmFlags() {
    }

    /** True for private mappings that may be written: those whose pages are copied on write. */
    public static boolean isCowMapping(long flags) {
        return (flags & (SHARED | MAYWRITE)) == MAYWRITE;
    }

    /**
     * The rights of new entries: private mappings never get R/W here.
     *
     * <p>Mirrors: vm_get_page_prot().
     */
    public static long pageProt(long flags) {
        if ((flags & ACCESS_FLAGS) == 0) {
            return Pte.PROTNONE | Entry.A;
        }
        long prot = Entry.P | Entry.US | Entry.A;
        if ((flags & EXEC) == 0) {
            prot |= Entry.XD;
        }
        boolean sharedWritable = (flags & (SHARED | WRITE)) == (SHARED | WRITE);
        return sharedWritable ? prot | Entry.RW : prot;
    }

    /** Sets R/W in an entry if the VMA may be written: maybe_mkwrite(). */
    public static long maybeMkwrite(long pte, long flags) {
        return (flags & WRITE) != 0 ? Pte.mkwrite(pte) : pte;
    }
}
