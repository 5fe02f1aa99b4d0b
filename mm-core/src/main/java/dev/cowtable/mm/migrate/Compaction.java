package dev.cowtable.mm.migrate;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Packs the pages in use together: pages are moved from the end of memory into the free frames at its beginning.
 *
 * <p>Mirrors: compact_zone() (mm/compaction.c).
 * <p>Differs: the frames to move to are those that the allocator gives, the lowest first of a block that was split; the two scanners meet
 * where it gives none that is lower.
 */
public final class Compaction {
    private final Kernel kernel;
    private final MemMap memMap;
    private final MigratePages migratePages;

    public Compaction(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.migratePages = new MigratePages(kernel);
    }

    /** Moves all that can be moved downwards; the number of pages moved. */
    public int compactZone(Cpu cpu) {
        kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
        kernel.lru().lruAddDrainAll(cpu);
        int moved = 0;
        for (long pfn = kernel.pageAllocator().freshPfn() - 1; pfn >= 0; pfn--) {
            if (!memMap.hasSection(pfn) || !memMap.testFlag(pfn, PageFlags.LRU) || !migratePages.isolate(cpu, pfn)) {
                continue;
            }
            long target = kernel.pageAllocator().allocPage(cpu);
            if (target == PageAllocator.NO_PAGE || target > pfn) {
                kernel.lru().folioPutbackLru(cpu, pfn);
                if (target != PageAllocator.NO_PAGE) {
                    kernel.putPage(cpu, target);
                }
                return moved;
            }
            if (migratePages.move(cpu, pfn, target) == MigratePages.Result.MOVED) {
                moved++;
            }
        }
        return moved;
    }
}
