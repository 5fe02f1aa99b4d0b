package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Moves part of one VMA to a free range: a new VMA, or a grown neighbour, takes over what is mapped, then the old part is unmapped.
 *
 * <p>Mirrors: move_vma(), copy_vma(), dontunmap_complete() (mm/mremap.c, mm/vma.c).
 * <p>Locks: mmap_lock for writing; the VMAs are write-locked.
 */
final class MoveVma {
    private static final int SPARE_MAPS = 3;
    private static final long LOCKED_MASK = VmFlags.LOCKED | VmFlags.LOCKONFAULT;

    private final Kernel kernel;
    private final VmaMerge merge;
    private final Munmap munmap;
    private final MovePageTables movePageTables;

    MoveVma(Kernel kernel, VmaMerge merge, Munmap munmap) {
        this.kernel = kernel;
        this.merge = merge;
        this.munmap = munmap;
        this.movePageTables = new MovePageTables(kernel);
    }

    /** 0 or -ENOMEM; the entries are back in their old place then. */
    int move(Cpu cpu, Remap remap) {
        MmStruct mm = remap.mm;
        if (mm.vmas().length >= mm.limits().maxMapCount() - SPARE_MAPS) {
            return Errno.ENOMEM.code();
        }
        VmAreaStruct vma = remap.requireVma();
        vma.startWrite(cpu);
        boolean locked = vma.has(VmFlags.LOCKED);
        long sourceStart = vma.start();
        VmAreaStruct moved = copyVma(cpu, remap, vma);
        boolean absorbed = moved.contains(sourceStart);
        VmAreaStruct source = absorbed ? moved : vma;
        boolean needRmapLocks = !isNew(moved, remap) && moved.pgoff() <= source.pgoff();
        long done = movePageTables.move(cpu, source, moved, remap.addr, remap.newAddr, remap.oldLen, needRmapLocks);
        boolean failed = done < remap.oldLen;
        if (failed) {
            movePageTables.move(cpu, moved, source, remap.newAddr, remap.addr, done, true);
        }
        if (locked) {
            mm.addLockedVm(remap.newLen >>> 12);
            remap.populateBytes = failed ? 0 : remap.newLen - remap.oldLen;
        }
        if (!failed && remap.has(Mremap.DONTUNMAP)) {
            completeDontunmap(cpu, remap, source, moved);
        } else {
            unmapSource(cpu, remap, failed);
        }
        return failed ? Errno.ENOMEM.code() : 0;
    }

    private static boolean isNew(VmAreaStruct moved, Remap remap) {
        return moved.start() == remap.newAddr && moved.end() == remap.newAddr + remap.newLen;
    }

    /**
     * The VMA at the target. A VMA that was never written takes the page offsets of its new address, so that it can merge there.
     *
     * <p>Mirrors: copy_vma(). The source itself may be what the target is merged with.
     */
    private VmAreaStruct copyVma(Cpu cpu, Remap remap, VmAreaStruct vma) {
        long start = remap.newAddr;
        long end = start + remap.newLen;
        boolean unfaulted = vma.isAnonymous() && vma.anonVma() == null;
        long pgoff = unfaulted ? start >>> 12 : vma.linearPageIndex(remap.addr);
        @Nullable VmAreaStruct merged = merge.mergeCopiedRange(cpu, vma, start, end, pgoff);
        if (merged != null) {
            return merged;
        }
        VmAreaStruct made = new VmAreaStruct(vma.mm(), kernel.lockdep(), start, end, vma.flags(), pgoff, vma.file());
        made.startWrite(cpu);
        made.setAnonVma(vma.anonVma());
        kernel.rmap().anonVmaClone(cpu, made, vma);
        vma.mm().insertVma(cpu, made);
        return made;
    }

    /** Nothing of the old VMA is mapped any more, so it is no longer locked, and not linked with the pages that have gone. */
    private void completeDontunmap(Cpu cpu, Remap remap, VmAreaStruct source, VmAreaStruct moved) {
        source.startWrite(cpu);
        source.setFlags(source.flags() & ~LOCKED_MASK);
        boolean whole = source.start() == remap.addr && source.end() == remap.addr + remap.oldLen;
        if (source != moved && whole) {
            kernel.rmap().unlinkAnonVmas(cpu, source);
        }
    }

    private void unmapSource(Cpu cpu, Remap remap, boolean failed) {
        long start = failed ? remap.newAddr : remap.addr;
        long bytes = failed ? remap.newLen : remap.oldLen;
        if (bytes > 0 && munmap.unmap(cpu, remap.mm, start, start + bytes) != 0) {
            throw new IllegalStateException("a moved range at 0x" + Long.toHexString(start) + " can not be unmapped");
        }
    }
}
