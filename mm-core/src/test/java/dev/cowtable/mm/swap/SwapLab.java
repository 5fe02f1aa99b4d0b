package dev.cowtable.mm.swap;

import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/** One process with four written pages and an area of swap. */
final class SwapLab {
    final MmLab lab = new MmLab();
    final Cpu cpu = lab.cpu;
    final Swap swap = lab.kernel.swap();
    final MemMap memMap = lab.kernel.memMap();
    final int type;

    SwapLab(SwapInfo.Kind kind) {
        type = swap.swapon(cpu, kind);
        lab.map(0, 4, MmLab.RW);
        for (int page = 0; page < 4; page++) {
            lab.write(page, page + 1);
        }
    }

    void pageout(MmStruct mm, long first, long end) {
        mm.mmapLock().downRead(cpu);
        assertThat(lab.kernel.madvisePages().pageout(cpu, lab.vma(mm, first), at(first), at(end))).isZero();
        mm.mmapLock().upRead(cpu);
    }

    /** The pages are in swap and nowhere else. */
    void evict(long first, long end) {
        pageout(lab.mm, first, end);
        for (long page = first; page < end; page++) {
            if (swap.hasCache(lab.pte(page))) {
                lab.read(page);
            }
        }
        pageout(lab.mm, first, end);
        for (long page = first; page < end; page++) {
            assertThat(SwpEntry.isSlot(lab.pte(page)) && !swap.hasCache(lab.pte(page))).isTrue();
        }
    }

    long majorFaults() {
        return lab.count(Counter.FAULT_MAJOR);
    }

    long minorFaults() {
        return lab.count(Counter.FAULT_MINOR);
    }

    /** What an observer sees of a page: {@code -}: swapped; else {@code W} writable, {@code E} exclusive, {@code C} in the swap cache. */
    String look(MmStruct mm, long page) {
        long pte = lab.pte(mm, page);
        if (!Pte.isPresent(pte)) {
            return SwpEntry.isExclusive(pte) ? "-E" : "-";
        }
        int flags = memMap.flags(Pte.pfn(pte));
        return (Pte.isWritable(pte) ? "W" : "") + ((flags & PageFlags.ANON_EXCLUSIVE) != 0 ? "E" : "")
                + ((flags & PageFlags.SWAPCACHE) != 0 ? "C" : "");
    }

    String look(long page) {
        return look(lab.mm, page);
    }
}
