package dev.cowtable.mm.fork;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Walks the parent's tables over a VMA, makes the child's upper tables, and hands each PMD entry to a strategy.
 *
 * <p>Mirrors: copy_page_range() down to copy_pmd_range() (mm/memory.c), as one loop over levels.
 * <p>Locks: both mmap_locks for writing; takes page_table_lock of the child.
 */
public final class CopyPageRange {
    /** What is done with one PMD entry of the parent; returns 0 or -ENOMEM. */
    @FunctionalInterface
    public interface PmdCopier {
        /** {@code [start, end)} is the part of the VMA below that entry; the entry may be none. */
        int copyPmd(long dstPmdPaddr, long srcPmdPaddr, long start, long end);
    }

    private final Kernel kernel;

    public CopyPageRange(Kernel kernel) {
        this.kernel = kernel;
    }

    public int copy(Cpu cpu, ForkPass pass, VmAreaStruct src, PmdCopier copier) {
        return copyLevel(cpu, pass, Paging.TOP_LEVEL, pass.child().pgdPaddr(), pass.parent().pgdPaddr(), src.start(),
                src.end(), copier);
    }

    private int copyLevel(Cpu cpu, ForkPass pass, int level, long dstTable, long srcTable, long start, long end,
            PmdCopier copier) {
        long size = Paging.sizeBytes(level);
        long next;
        int error = 0;
        for (long at = start; at < end && error == 0; at = next) {
            next = Math.min((at & -size) + size, end);
            long dstPaddr = PageTables.entryPaddr(dstTable, at, level);
            long srcPaddr = PageTables.entryPaddr(srcTable, at, level);
            if (level == 2) {
                error = copier.copyPmd(dstPaddr, srcPaddr, at, next);
                continue;
            }
            long entry = cpu.memory().read(srcPaddr);
            if (!Entry.isPresent(entry)) {
                continue;
            }
            long below = kernel.pageTables().upperAlloc(cpu, pass.child(), dstPaddr, level - 1);
            error = below == PageTables.NO_ENTRY ? Errno.ENOMEM.code()
                    : copyLevel(cpu, pass, level - 1, below, Entry.paddr(entry), at, next, copier);
        }
        return error;
    }
}
