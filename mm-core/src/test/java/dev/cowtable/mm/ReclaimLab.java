package dev.cowtable.mm;

import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.lru.Lru;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/** A lab whose pages go to lists, to swap, and away. */
public final class ReclaimLab {
    public final MmLab lab = new MmLab();
    public final Kernel kernel = lab.kernel;
    public final Cpu cpu = lab.cpu;
    public final Cpu otherCpu = kernel.machine().cpu(1);
    public final Lru lru = kernel.lru();
    public final MemMap memMap = kernel.memMap();
    public final MmStruct mm = lab.mm;

    // ---------------------------------------------------------------- acts, ranges as [first, end) pages

    /** Maps and writes pages, the value of each being its number plus 1. */
    public void mapWritten(long first, long end) {
        lab.map(first, end, MmLab.RW);
        for (long page = first; page < end; page++) {
            lab.write(page, (int) page + 1);
        }
    }

    public void swapon(SwapInfo.Kind kind) {
        assertThat(kernel.swap().swapon(cpu, kind)).isGreaterThanOrEqualTo(0);
    }

    public int madvise(MmStruct in, long first, long end, Advice advice) {
        return kernel.memoryMap().madvise(cpu, in, at(first), (end - first) * 4096, advice);
    }

    public int madvise(long first, long end, Advice advice) {
        return madvise(mm, first, end, advice);
    }

    public void mlock(MmStruct in, long first, long end, boolean onfault) {
        assertThat(kernel.memoryMap().mlock(cpu, in, at(first), (end - first) * 4096, onfault)).isZero();
    }

    public void munlock(MmStruct in, long first, long end) {
        assertThat(kernel.memoryMap().munlock(cpu, in, at(first), (end - first) * 4096)).isZero();
    }

    /** MADV_FREE, and its batch emptied. */
    public void makeLazyfree(long first, long end) {
        assertThat(madvise(first, end, Advice.FREE)).isZero();
        lab.drain();
    }

    // ---------------------------------------------------------------- looks

    public boolean has(long pfn, int flag) {
        return memMap.testFlag(pfn, flag);
    }

    public boolean isMlocked(long pfn) {
        return has(pfn, PageFlags.MLOCKED);
    }

    /** A letter a page: {@code p} present, {@code l} lazily freeable, {@code c} in the swap cache too, {@code s} swapped, {@code -} none. */
    public String look(MmStruct in, long first, long end) {
        StringBuilder look = new StringBuilder();
        for (long page = first; page < end; page++) {
            look.append(letter(lab.pte(in, page)));
        }
        return look.toString();
    }

    public String look(long first, long end) {
        return look(mm, first, end);
    }

    private char letter(long pte) {
        if (!Pte.isPresent(pte)) {
            return SwpEntry.isSlot(pte) ? 's' : '-';
        }
        long pfn = Pte.pfn(pte);
        return has(pfn, PageFlags.SWAPCACHE) ? 'c' : has(pfn, PageFlags.SWAPBACKED) ? 'p' : 'l';
    }
}
