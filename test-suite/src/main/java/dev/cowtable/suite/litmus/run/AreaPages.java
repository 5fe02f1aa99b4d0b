package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.ObservationFormatter;
import dev.cowtable.suite.litmus.PageView;

/** The pages of one area in one process, asked for in ascending order. */
final class AreaPages implements ObservationFormatter.Pages {
    private final Kernel kernel;
    private final MmStruct mm;
    private final Area area;
    private final FrameNumbers numbers;
    private final SlotNumbers slots;
    private final EntryReader entries;
    /** [from, to) lies in one VMA, or in none. */
    private long fromVaddr;
    private long toVaddr;
    private boolean mapped;

    AreaPages(Kernel kernel, MmStruct mm, Area area, FrameNumbers numbers, SlotNumbers slots) {
        this.kernel = kernel;
        this.mm = mm;
        this.area = area;
        this.numbers = numbers;
        this.slots = slots;
        this.entries = new EntryReader(kernel.machine().memory(), mm);
    }

    @Override
    public PageView at(long page) {
        long vaddr = area.pageVaddr(page);
        if (vaddr < fromVaddr || vaddr >= toVaddr) {
            findVma(vaddr);
        }
        return mapped ? view(entries.pte(vaddr)) : PageView.novma();
    }

    private void findVma(long vaddr) {
        VmAreaStruct vma = mm.findVma(vaddr);
        mapped = vma != null && vma.contains(vaddr);
        fromVaddr = vaddr;
        if (vma == null) {
            toVaddr = Long.MAX_VALUE;
        } else {
            toVaddr = mapped ? vma.end() : vma.start();
        }
    }

    private PageView view(long pte) {
        if (pte == Pte.NONE) {
            return PageView.none();
        }
        if (!Pte.isPresent(pte)) {
            return nonpresent(pte);
        }
        long pfn = Pte.pfn(pte);
        if (Pte.isSpecial(pte) && pfn == kernel.zeroPfn()) {
            return PageView.zero(false, false, PageView.Flag.ZERO_PAGE.bit());
        }
        MemMap memMap = kernel.memMap();
        int mapcount = memMap.mapcount(pfn);
        int flags = memMap.flags(pfn);
        return PageView.present(numbers.number(pfn, memMap.generation(pfn)), mapcount, mapcount == 1,
                (flags & PageFlags.ANON) == 0, false, shown(flags, mapcount));
    }

    private PageView nonpresent(long entry) {
        if (SwpEntry.isSlot(entry)) {
            return PageView.swap(slots.number(SwpEntry.plain(entry)), (entry & SwpEntry.UFFD_WP) != 0);
        }
        if (SwpEntry.isGuard(entry)) {
            return PageView.guard();
        }
        if (SwpEntry.isMarker(entry)) {
            return PageView.marker();
        }
        throw new IllegalStateException("entry 0x" + Long.toHexString(entry) + " has no form in an observation");
    }

    private static int shown(int flags, int mapcount) {
        return ((flags & PageFlags.ANON) != 0 ? PageView.Flag.ANON.bit() : 0)
                | ((flags & PageFlags.SWAPCACHE) != 0 ? PageView.Flag.SWAPCACHE.bit() : 0)
                | ((flags & PageFlags.MLOCKED) != 0 ? PageView.Flag.MLOCKED.bit() : 0)
                | (mapcount > 0 ? PageView.Flag.MMAP.bit() : 0)
                | ((flags & PageFlags.SWAPBACKED) != 0 ? PageView.Flag.SWAPBACKED.bit() : 0)
                | ((flags & PageFlags.ANON_EXCLUSIVE) != 0 ? PageView.Flag.AE.bit() : 0);
    }
}
