package dev.cowtable.mm.fork;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.FolioPteBatch;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * Copies the entries of one PTE table into a table of the child's own: entry by entry, and consecutive pages of one large folio together
 * unless the design says otherwise.
 *
 * <p>An exclusive page that may be pinned stays with the parent, writable, and the child gets a copy of its content at once; the copy is
 * allocated with the locks dropped and the same entry is looked at again.
 *
 * <p>Mirrors: copy_pte_range(), copy_present_ptes(), copy_present_page() (mm/memory.c).
 * <p>Locks: child's ptl, then parent's ptl nested.
 * <p>Flush: the parent's lost write rights are owed by the pass.
 */
public final class CopyPteRange {
    private static final int DONE = 0;
    private static final int NEEDS_PAGE = 1;
    private static final int USED_PAGE = 2;

    private final Kernel kernel;
    private final PageTables pageTables;

    public CopyPteRange(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
    }

    /** Copies what lies in {@code [start, end)} of {@code src} below one PMD entry; 0 or -ENOMEM. */
    public int copy(Cpu cpu, ForkPass pass, VmAreaStruct dst, VmAreaStruct src, long dstPmdPaddr, long srcPmdPaddr,
            long start, long end) {
        long srcPmd = cpu.memory().read(srcPmdPaddr);
        if (srcPmd == 0) {
            return 0;
        }
        if (PageTables.isLeaf(srcPmd)) {
            HugePmd.copy(kernel, cpu, pass.child(), dstPmdPaddr, srcPmdPaddr, start, pass.debt());
            return 0;
        }
        if (!pageTables.pteAlloc(cpu, pass.child(), dstPmdPaddr)) {
            return Errno.ENOMEM.code();
        }
        Range range = new Range(cpu, pass, dst, src, start, end);
        long prealloc = PageAllocator.NO_PAGE;
        while (true) {
            int result = copyLocked(cpu, range, dstPmdPaddr, srcPmdPaddr, prealloc);
            if (result <= DONE) {
                return result;
            }
            prealloc = kernel.pageAllocator().allocPage(cpu);
            if (prealloc == PageAllocator.NO_PAGE) {
                return Errno.ENOMEM.code();
            }
        }
    }

    /** One range with the position reached, kept while the locks are dropped for an allocation. */
    private final class Range {
        final ForkPass pass;
        final VmAreaStruct dst;
        final boolean cowMapping;
        final EntryDup dup;
        final long end;
        final boolean batches;
        final long ignored;
        long at;
        /** Entries that the last step has done. */
        int done = 1;
        boolean writeProtected;

        Range(Cpu cpu, ForkPass pass, VmAreaStruct dst, VmAreaStruct src, long start, long end) {
            this.pass = pass;
            this.dst = dst;
            this.cowMapping = src.isCowMapping();
            this.dup = new EntryDup(kernel, cpu, pass.parent(), pass.child());
            this.batches = kernel.forkStrategy().batchesFolios();
            this.ignored = (cowMapping ? 0 : Entry.D)
                    | (src.has(VmFlags.SOFTDIRTY) || !kernel.softDirty().isEnabled() ? Pte.SOFT_DIRTY : 0);
            this.at = start;
            this.end = end;
        }

        int entriesLeft() {
            return (int) ((end - at) >>> 12);
        }
    }

    private int copyLocked(Cpu cpu, Range range, long dstPmdPaddr, long srcPmdPaddr, long preallocated) {
        PtDesc dstTable = pageTables.lockTable(cpu, dstPmdPaddr);
        PtDesc srcTable = pageTables.lockTableNested(cpu, srcPmdPaddr);
        int result = DONE;
        long prealloc = preallocated;
        long first = range.at;
        if (dstTable != null && srcTable != null) {
            FramePort dstEntries = cpu.memory().frame(dstTable.pfn());
            FramePort srcEntries = cpu.memory().frame(srcTable.pfn());
            while (range.at < range.end && result == DONE) {
                result = copyEntry(cpu, range, dstEntries, srcEntries, Paging.index(range.at, 1), prealloc);
                if (result == USED_PAGE) {
                    prealloc = PageAllocator.NO_PAGE;
                    result = DONE;
                }
                if (result == DONE) {
                    range.at += range.done * 4096L;
                }
            }
        }
        settleBatch(cpu, range, first);
        if (srcTable != null) {
            srcTable.ptl().unlock(cpu);
        }
        if (dstTable != null) {
            dstTable.ptl().unlock(cpu);
        }
        if (prealloc != PageAllocator.NO_PAGE) {
            kernel.putPage(cpu, prealloc);
        }
        return result;
    }

    private void settleBatch(Cpu cpu, Range range, long first) {
        range.dup.addSumsTo(cpu, range.pass.child());
        if (range.writeProtected) {
            range.pass.debt().owe(first, range.end);
        }
        kernel.counters().add(cpu.id(), Counter.FORK_ENTRY_VISITED, (range.at - first) >>> 12);
    }

    private int copyEntry(Cpu cpu, Range range, FramePort dst, FramePort src, int index, long prealloc) {
        long pte = src.read(index);
        range.done = 1;
        if (pte == Pte.NONE) {
            return DONE;
        }
        if (!Pte.isPresent(pte)) {
            return copyNonpresent(cpu, range, dst, src, index, pte);
        }
        if (range.dup.isLarge(pte) && range.batches && prealloc == PageAllocator.NO_PAGE) {
            return copyBatch(cpu, range, dst, src, index, pte);
        }
        if (!Pte.isSpecial(pte) && !range.dup.tryDupPage(cpu, Pte.pfn(pte))) {
            return copyPinned(cpu, range, dst, index, pte, prealloc);
        }
        copyPresent(range, dst, src, index, pte);
        return DONE;
    }

    private static void copyPresent(Range range, FramePort dst, FramePort src, int index, long pte) {
        long child = pte;
        if (Pte.isWritable(pte) && range.cowMapping) {
            src.fetchAndAnd(index, ~Entry.RW);
            range.dup.countWrprotect();
            range.writeProtected = true;
            child = Pte.wrprotect(pte);
        } else if (!range.cowMapping) {
            child = pte & ~Entry.D;
        }
        dst.write(index, Pte.mkold(child));
    }

    /**
     * Copies the entries of consecutive pages of one large folio. If one of them must be copied the locks are dropped for an allocation, and
     * the first of them is looked at alone.
     */
    private int copyBatch(Cpu cpu, Range range, FramePort dst, FramePort src, int index, long pte) {
        long pfn = Pte.pfn(pte);
        FolioPteBatch batch = range.dup.batch(src, index, pte, range.entriesLeft(), range.ignored);
        if (!range.dup.tryDupPages(cpu, pfn, batch.length())) {
            return NEEDS_PAGE;
        }
        range.done = batch.length();
        long child = Pte.mkold(range.cowMapping ? Pte.wrprotect(pte) : pte & ~Entry.D);
        boolean protects = batch.anyWritable() && range.cowMapping;
        for (int i = 0; i < batch.length(); i++) {
            if (protects) {
                src.fetchAndAnd(index + i, ~Entry.RW);
            }
            dst.write(index + i, child + i * 4096L);
        }
        if (protects) {
            range.dup.countWrprotect(batch.length());
            range.writeProtected = true;
        }
        return DONE;
    }

    private int copyPinned(Cpu cpu, Range range, FramePort dst, int index, long pte, long prealloc) {
        if (prealloc == PageAllocator.NO_PAGE) {
            return NEEDS_PAGE;
        }
        cpu.memory().copyFrame(Pte.pfn(pte), prealloc);
        kernel.counters().add(cpu.id(), Counter.FORK_PAGE_COPY, 1);
        kernel.rmap().folioAddNewAnonRmap(cpu, prealloc, range.dst, range.at);
        kernel.lru().folioAddLruVma(cpu, prealloc, range.dst);
        range.dup.addOwnPage();
        long entry = Pte.mkdirty(Pte.mkyoung(Pte.make(prealloc, range.dst.pageProt())));
        dst.write(index, VmFlags.maybeMkwrite(entry | kernel.softDirty().mark(), range.dst.flags()));
        return USED_PAGE;
    }

    /**
     * A marker of userfaultfd stays with the parent, as the child's VMA is not registered; all else is copied.
     *
     * <p>Mirrors: copy_nonpresent_pte().
     */
    private int copyNonpresent(Cpu cpu, Range range, FramePort dst, FramePort src, int index, long entry) {
        if (SwpEntry.isMarker(entry) && SwpEntry.offset(entry) == SwpEntry.MARKER_UFFD_WP) {
            return DONE;
        }
        if (!range.dup.tryDupNonpresent(cpu, entry)) {
            return Errno.ENOMEM.code();
        }
        long plain = range.cowMapping ? SwpEntry.shareable(entry) : entry;
        if (plain != entry) {
            src.write(index, plain);
        }
        dst.write(index, plain);
        return DONE;
    }
}
