package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.VmaView.Smaps;

/**
 * What is resident, and what is in swap, in one VMA.
 *
 * <p>Mirrors: smap_gather_stats(), smaps_account(), smaps_pte_entry() (fs/proc/task_mmu.c). The zero page is not resident.
 */
final class SmapsSums {
    private static final int PSS_SHIFT = 12;
    private static final int KIB_SHIFT = 10;
    private static final long PAGE_PSS = AreaLayout.PAGE_BYTES << PSS_SHIFT;

    private final Kernel kernel;
    private final MemMap memMap;
    private final VmAreaStruct vma;
    // Pages:
    private long resident;
    private long anonymous;
    private long lazyfree;
    private long shared;
    private long swapped;
    // Bytes in fixed point of PSS_SHIFT:
    private long pss;
    private long swapPss;

    SmapsSums(Kernel kernel, VmAreaStruct vma) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.vma = vma;
    }

    Smaps gather() {
        EntryReader entries = new EntryReader(kernel.machine().memory(), vma.mm());
        long vaddr = vma.start();
        while (vaddr < vma.end()) {
            if (!entries.hasTable(vaddr)) {
                vaddr = (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
                continue;
            }
            add(entries.pte(vaddr));
            vaddr += AreaLayout.PAGE_BYTES;
        }
        swapped += kernel.shmem().swapUsagePages(vma);
        return toSmaps();
    }

    private void add(long pte) {
        if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
            addPage(Pte.pfn(pte), Pte.isDirty(pte));
        } else if (SwpEntry.isSlot(pte)) {
            swapped++;
            swapPss += PAGE_PSS / Math.max(1, kernel.swap().swapCount(SwpEntry.plain(pte)));
        }
    }

    private void addPage(long pfn, boolean dirty) {
        int flags = memMap.flags(pfn);
        int mapcount = memMap.mapcount(pfn);
        resident++;
        if ((flags & PageFlags.ANON) != 0) {
            anonymous++;
            boolean discardable = !dirty && (flags & (PageFlags.SWAPBACKED | PageFlags.DIRTY)) == 0;
            lazyfree += discardable ? 1 : 0;
        }
        shared += mapcount > 1 ? 1 : 0;
        pss += PAGE_PSS / Math.max(1, mapcount);
    }

    private Smaps toSmaps() {
        long pssKib = pssKib(pss);
        return new Smaps(kib(resident), pssKib, kib(anonymous), 0, kib(lazyfree), 0, kib(swapped), pssKib(swapPss),
                vma.has(VmFlags.LOCKED) ? pssKib : 0, kib(shared), kib(resident - shared));
    }

    private static long pssKib(long fixedPoint) {
        return fixedPoint >> PSS_SHIFT + KIB_SHIFT;
    }

    private static long kib(long pages) {
        return pages * AreaLayout.PAGE_BYTES >> KIB_SHIFT;
    }
}
