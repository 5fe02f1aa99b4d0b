package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Moves what a range maps to another range of the same address space: whole tables where both ends lie alike, else entry by entry.
 *
 * <pre>
 *   1 GiB to 1 GiB, both aligned    the PMD table moves
 *   2 MiB to 2 MiB, both aligned    the PTE table moves
 *   else                            the entries move, into a table that is made if there is none
 * </pre>
 *
 * <p>Mirrors: move_page_tables() and below (mm/mremap.c).
 * <p>Locks: mmap_lock for writing, so no table of the mm becomes shared; shared ones were broken before. The rmap locks of the old VMA for
 * writing when a table moves, or when a walk could meet the new VMA before the old one. Both table locks.
 * <p>Flush: the old range before the locks of both tables are dropped, as a page could be freed through the new place while a CPU still
 * reaches it through the old one.
 */
final class MovePageTables {
    private static final int PUD_LEVEL = 3;
    private static final int PMD_LEVEL = 2;
    private static final long PUD_BYTES = Paging.sizeBytes(PUD_LEVEL);

    private final Kernel kernel;
    private final PageTables pageTables;
    private final MovePtes movePtes;

    MovePageTables(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.movePtes = new MovePtes(kernel);
    }

    /**
     * Moves {@code bytes} from {@code oldStart} in {@code from} to {@code newStart} in {@code to}.
     *
     * @return number of bytes dealt with; less than asked for only if there was no memory for a table
     */
    long move(Cpu cpu, VmAreaStruct from, VmAreaStruct to, long oldStart, long newStart, long bytes,
            boolean needRmapLocks) {
        long end = oldStart + bytes;
        long delta = newStart - oldStart;
        boolean realigned = canRealign(from, to, oldStart, newStart, bytes);
        long first = realigned ? oldStart & -PageTables.PMD_BYTES : oldStart;
        from.mm().notifiers().invalidateRangeStart(cpu, first, end, MmuNotifier.Event.UNMAP);
        long at = first;
        long moved = -1;
        while (at < end && moved != 0) {
            moved = moveSome(cpu, from, at, at + delta, end, needRmapLocks);
            at += moved;
        }
        from.mm().notifiers().invalidateRangeEnd(cpu, first, end, MmuNotifier.Event.UNMAP);
        return at < end ? Math.max(0, at - oldStart) : bytes;
    }

    /** Moves what lies below one entry of an upper table; the bytes dealt with, 0 without memory. */
    private long moveSome(Cpu cpu, VmAreaStruct from, long oldAddr, long newAddr, long end, boolean needRmapLocks) {
        MmStruct mm = from.mm();
        long extent = extent(PUD_BYTES, oldAddr, newAddr, end);
        long oldPud = entryOf(cpu, mm, oldAddr, PUD_LEVEL);
        if (oldPud == PageTables.NO_ENTRY) {
            return extent;
        }
        long newPud = allocEntry(cpu, mm, newAddr, PUD_LEVEL);
        if (newPud == PageTables.NO_ENTRY) {
            return 0;
        }
        if (extent == PUD_BYTES && moveTable(cpu, from, oldPud, newPud, oldAddr, PUD_BYTES)) {
            return extent;
        }
        extent = extent(PageTables.PMD_BYTES, oldAddr, newAddr, end);
        long oldPmd = entryOf(cpu, mm, oldAddr, PMD_LEVEL);
        if (oldPmd == PageTables.NO_ENTRY) {
            return extent;
        }
        long newPmd = allocEntry(cpu, mm, newAddr, PMD_LEVEL);
        if (newPmd == PageTables.NO_ENTRY) {
            return 0;
        }
        if (PageTables.isLeaf(cpu.memory().read(oldPmd))) {
            throw new UnsupportedOperationException("mremap of an opaque huge page at 0x" + Long.toHexString(oldAddr));
        }
        if (extent == PageTables.PMD_BYTES && moveTable(cpu, from, oldPmd, newPmd, oldAddr, PageTables.PMD_BYTES)) {
            return extent;
        }
        if (!pageTables.pteAlloc(cpu, mm, newPmd)) {
            return 0;
        }
        movePtes.move(cpu, from, oldPmd, newPmd, oldAddr, newAddr, extent, needRmapLocks);
        return extent;
    }

    /** Bytes up to the next boundary of either range, or up to the end. */
    private static long extent(long size, long oldAddr, long newAddr, long end) {
        long toOldBoundary = (oldAddr & -size) + size - oldAddr;
        long toNewBoundary = (newAddr & -size) + size - newAddr;
        return Math.min(Math.min(toOldBoundary, end - oldAddr), toNewBoundary);
    }

    // ---------------------------------------------------------------- a start within a table may be aligned down

    /**
     * Whether the first table can move whole although the range begins within it: nothing else is mapped below in either table.
     *
     * <p>Mirrors: can_realign_addr().
     */
    private static boolean canRealign(VmAreaStruct from, VmAreaStruct to, long oldStart, long newStart, long bytes) {
        long size = PageTables.PMD_BYTES;
        long offset = oldStart & (size - 1);
        return offset != 0 && bytes >= size - offset && offset == (newStart & (size - 1))
                && canAlignDown(from, oldStart) && canAlignDown(to, newStart);
    }

    private static boolean canAlignDown(VmAreaStruct vma, long addr) {
        if (vma.start() != addr) {
            return false;
        }
        VmAreaStruct below = vma.mm().findVma(addr & -PageTables.PMD_BYTES);
        return below == null || below.start() >= addr;
    }

    // ---------------------------------------------------------------- entries of upper tables

    /** Physical address of the entry of a level, or {@link PageTables#NO_ENTRY} if that entry or one above it is none. */
    private long entryOf(Cpu cpu, MmStruct mm, long vaddr, int level) {
        long table = mm.pgdPaddr();
        for (int above = Paging.TOP_LEVEL; above > level; above--) {
            long entry = cpu.memory().read(PageTables.entryPaddr(table, vaddr, above));
            if (!Entry.isPresent(entry)) {
                return PageTables.NO_ENTRY;
            }
            table = Entry.paddr(entry);
        }
        long paddr = PageTables.entryPaddr(table, vaddr, level);
        return cpu.memory().read(paddr) == 0 ? PageTables.NO_ENTRY : paddr;
    }

    private long allocEntry(Cpu cpu, MmStruct mm, long vaddr, int level) {
        long table = mm.pgdPaddr();
        for (int above = Paging.TOP_LEVEL; above > level; above--) {
            table = pageTables.upperAlloc(cpu, mm, PageTables.entryPaddr(table, vaddr, above), above - 1);
            if (table == PageTables.NO_ENTRY) {
                return PageTables.NO_ENTRY;
            }
        }
        return PageTables.entryPaddr(table, vaddr, level);
    }

    /** Mirrors: move_normal_pud(), move_normal_pmd(); false if the new place is taken or the old entry names no table. */
    private boolean moveTable(Cpu cpu, VmAreaStruct from, long oldPaddr, long newPaddr, long vaddr, long bytes) {
        if (cpu.memory().read(newPaddr) != 0) {
            return false;
        }
        RmapLocks.take(cpu, from);
        MmStruct mm = from.mm();
        SpinLock oldLock = upperLock(mm, oldPaddr, bytes);
        SpinLock newLock = upperLock(mm, newPaddr, bytes);
        oldLock.lock(cpu);
        if (newLock != oldLock) {
            newLock.lockNested(cpu);
        }
        boolean moved = PageTables.isTable(cpu.memory().read(oldPaddr));
        if (moved) {
            long entry = cpu.memory().exchange(oldPaddr, 0);
            reown(cpu, mm, entry, newPaddr);
            cpu.memory().write(newPaddr, Entry.paddr(entry) | PageTables.TABLE_PROT);
            FlushDebt debt = new FlushDebt(mm);
            debt.oweStructure(vaddr, vaddr + bytes);
            kernel.tlbFlush().settle(cpu, debt);
        }
        if (newLock != oldLock) {
            newLock.unlock(cpu);
        }
        oldLock.unlock(cpu);
        RmapLocks.drop(cpu, from);
        return moved;
    }

    /** Entries above the PMD table belong to page_table_lock, those of a PMD table to its own lock. */
    private SpinLock upperLock(MmStruct mm, long entryPaddr, long bytes) {
        return bytes == PUD_BYTES ? mm.pageTableLock() : pageTables.descOfEntryAt(entryPaddr).ptl();
    }

    /** A PTE table knows the PMD entry that points at it. */
    private void reown(Cpu cpu, MmStruct mm, long entry, long newPaddr) {
        PtDesc table = pageTables.descOfEntryAt(Entry.paddr(entry));
        if (table.level() != 1) {
            return;
        }
        table.ptl().lock(cpu);
        MovePtes.requirePrivate(table);
        table.setOwner(mm, newPaddr);
        table.ptl().unlock(cpu);
    }
}
