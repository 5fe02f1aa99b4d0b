package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.snapshot.PageRuns;
import dev.cowtable.suite.snapshot.PageState;
import java.util.Map;

/**
 * Puts the recorded pages of one VMA after the other into the tables.
 *
 * <p>The record does not tell the sizes of folios. If the kernel makes large ones for anonymous memory, each aligned range of that size that is full
 * of recorded anonymous pages of a writable private VMA becomes one: what the process would be like on a machine with that setting.
 */
final class PageInstaller {
    private final Kernel kernel;
    private final Cpu cpu;
    private final OpaquePages opaque;
    private final TouchablePages pages;
    private final Map<LeftOut, Long> leftOut;
    private long pagesInFolios;

    PageInstaller(Kernel kernel, Cpu cpu, TouchablePages pages, Map<LeftOut, Long> leftOut) {
        this.kernel = kernel;
        this.cpu = cpu;
        this.opaque = new OpaquePages(kernel);
        this.pages = pages;
        this.leftOut = leftOut;
    }

    void install(VmAreaStruct vma, PageRuns runs) {
        long vaddr = vma.start();
        for (int run = 0; run < runs.nrRuns(); run++) {
            long end = vaddr + (runs.nrPages(run) << Paging.PAGE_SHIFT);
            PageState state = runs.state(run);
            if (vma.has(VmFlags.HUGETLB)) {
                leaveOut(state == PageState.NONE ? 0 : runs.nrPages(run), LeftOut.HUGETLB_PAGES);
            } else {
                installRun(vma, state, vaddr, end);
            }
            vaddr = end;
        }
    }

    private void installRun(VmAreaStruct vma, PageState state, long start, long end) {
        long nrPages = (end - start) >>> Paging.PAGE_SHIFT;
        switch (state) {
            case NONE -> {}
            case ANON_SOLE -> anonRun(vma, start, end);
            case ANON_SHARED -> {
                leaveOut(nrPages, LeftOut.PAGES_SHARED_OUTSIDE);
                anonRun(vma, start, end);
            }
            case FILE -> fileRun(vma, start, end);
            case SWAPPED -> swapRun(vma, start, end);
            case ZERO -> zeroRun(vma, start, end);
            case GUARD -> tablesOnly(vma, start, end, LeftOut.GUARD_MARKERS);
            case HUGE_ANON_SOLE -> hugeRun(vma, start, end);
            case HUGE_ANON_SHARED -> {
                leaveOut(nrPages, LeftOut.PAGES_SHARED_OUTSIDE);
                hugeRun(vma, start, end);
            }
            case HUGE_FILE -> leaveOut(nrPages, LeftOut.HUGE_FILE_PAGES);
            case HUGE_ZERO -> leaveOut(nrPages, LeftOut.HUGE_ZERO_PAGES);
        }
    }

    private void leaveOut(long count, LeftOut what) {
        if (count != 0) {
            leftOut.merge(what, count, Long::sum);
        }
    }

    private static void require(boolean done) {
        if (!done) {
            throw ProcessRebuilder.noMemory();
        }
    }

    private static int rights(VmAreaStruct vma) {
        return (vma.has(VmFlags.READ) ? TouchablePages.READ : 0)
                | (vma.has(VmFlags.DONTCOPY | VmFlags.WIPEONFORK) ? 0 : TouchablePages.INHERITED);
    }

    private void anonRun(VmAreaStruct vma, long start, long end) {
        boolean writable = vma.has(VmFlags.WRITE) && !vma.has(VmFlags.SHARED);
        int rights = rights(vma) | (writable ? TouchablePages.WRITE : 0);
        long folioBytes = Paging.PAGE_BYTES << kernel.anonFolioOrder();
        boolean large = writable && folioBytes > Paging.PAGE_BYTES;
        long next;
        for (long vaddr = start; vaddr < end; vaddr = next) {
            boolean folio = large && (vaddr & folioBytes - 1) == 0 && vaddr + folioBytes <= end;
            next = vaddr + (folio ? folioBytes : Paging.PAGE_BYTES);
            require(folio ? anonFolio(vma, vaddr) : opaque.installAnonPage(cpu, vma, vaddr, firstWord(0)));
            for (long page = vaddr; page < next; page += Paging.PAGE_BYTES) {
                pages.add(page, rights, TouchablePages.FIRST_STAMP);
            }
        }
    }

    private boolean anonFolio(VmAreaStruct vma, long vaddr) {
        int order = kernel.anonFolioOrder();
        pagesInFolios += 1L << order;
        return opaque.installAnonFolio(cpu, vma, vaddr, order, this::firstWord);
    }

    /** What the page after so many not yet added ones holds. */
    private long firstWord(int i) {
        return TouchablePages.word(pages.count() + i, TouchablePages.FIRST_STAMP);
    }

    /** Pages that are in large folios. */
    long pagesInFolios() {
        return pagesInFolios;
    }

    private void fileRun(VmAreaStruct vma, long start, long end) {
        if (vma.has(VmFlags.PFNMAP | VmFlags.MIXEDMAP)) {
            tablesOnly(vma, start, end, LeftOut.ENTRIES_WITHOUT_PAGE);
            return;
        }
        for (long vaddr = start; vaddr < end; vaddr += Paging.PAGE_BYTES) {
            require(opaque.installFilePage(cpu, vma, vaddr));
        }
    }

    private void swapRun(VmAreaStruct vma, long start, long end) {
        if (vma.has(VmFlags.SHARED)) {
            tablesOnly(vma, start, end, LeftOut.SHARED_SWAP_ENTRIES);
            return;
        }
        for (long vaddr = start; vaddr < end; vaddr += Paging.PAGE_BYTES) {
            require(opaque.installSwapEntry(cpu, vma, vaddr));
        }
    }

    private void zeroRun(VmAreaStruct vma, long start, long end) {
        if (!vma.isAnonymous() || !vma.has(VmFlags.READ) || vma.has(VmFlags.SHARED)) {
            tablesOnly(vma, start, end, LeftOut.UNREACHABLE_ZERO_PAGES);
            return;
        }
        int rights = rights(vma);
        for (long vaddr = start; vaddr < end; vaddr += Paging.PAGE_BYTES) {
            require(UserAccess.faultOf(kernel.userAccess().readByte(cpu, vma.mm(), vaddr)) == null);
            pages.add(vaddr, rights, TouchablePages.ZERO_PAGE_STAMP);
        }
    }

    private void tablesOnly(VmAreaStruct vma, long start, long end, LeftOut what) {
        leaveOut((end - start) >>> Paging.PAGE_SHIFT, what);
        for (long vaddr = start; vaddr < end; vaddr = (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES) {
            require(opaque.installTable(cpu, vma, vaddr));
        }
    }

    /** Huge pages are whole blocks; what lies before the first and after the last whole block of a run is left out. */
    private void hugeRun(VmAreaStruct vma, long start, long end) {
        long first = Math.min((start + PageTables.PMD_BYTES - 1) & -PageTables.PMD_BYTES, end);
        long last = Math.max(end & -PageTables.PMD_BYTES, first);
        leaveOut((first - start + (end - last)) >>> Paging.PAGE_SHIFT, LeftOut.HUGE_PARTS);
        for (long vaddr = first; vaddr < last; vaddr += PageTables.PMD_BYTES) {
            require(opaque.installHugePage(cpu, vma, vaddr));
        }
    }
}
