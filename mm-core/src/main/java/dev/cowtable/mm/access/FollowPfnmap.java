package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * A look at an entry that names a frame without a count, for who must know the frame itself.
 *
 * <p>The frame is known only from {@link #start} to {@link #end}: the table's lock is held in between, and no reference is taken.
 *
 * <p>Mirrors: follow_pfnmap_start(), follow_pfnmap_end() (mm/memory.c).
 * <p>Locks: mmap_lock for reading, or i_mmap; ptl is held from start to end.
 */
public final class FollowPfnmap {
    private final Kernel kernel;
    private @Nullable PtDesc table;
    private long pte;

    public FollowPfnmap(Kernel kernel) {
        this.kernel = kernel;
    }

    /** 0 with ptl held, or -EINVAL: not a mapping of frames, or nothing mapped there. */
    public int start(Cpu cpu, VmAreaStruct vma, long vaddr) {
        if (!vma.has(VmFlags.IO | VmFlags.PFNMAP) || !vma.contains(vaddr)) {
            return Errno.EINVAL.code();
        }
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, vma.mm(), vaddr);
        PtDesc found = pmdPaddr == PageTables.NO_ENTRY ? null : kernel.pageTables().lockTable(cpu, pmdPaddr);
        if (found == null) {
            return Errno.EINVAL.code();
        }
        pte = cpu.memory().read(PageTables.ptePaddr(found, vaddr));
        if (!Pte.isPresent(pte)) {
            found.ptl().unlock(cpu);
            return Errno.EINVAL.code();
        }
        table = found;
        return 0;
    }

    public long pfn() {
        return Pte.pfn(pte);
    }

    /** True if the entry itself permits writes; a private mapping's never does before its page was copied. */
    public boolean isWritable() {
        return Pte.isWritable(pte);
    }

    /** True if the frame has no count. */
    public boolean isSpecial() {
        return Pte.isSpecial(pte);
    }

    /** Ends the look; what it told must not be used any more. */
    public void end(Cpu cpu) {
        PtDesc held = table;
        if (held == null) {
            throw new IllegalStateException("a look at a PFN mapping ends that has not begun");
        }
        table = null;
        held.ptl().unlock(cpu);
    }
}
