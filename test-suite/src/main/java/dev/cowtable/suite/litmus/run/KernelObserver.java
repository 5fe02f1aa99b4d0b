package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.ObservationFormatter;
import dev.cowtable.suite.litmus.PageRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks at every page of the test areas in every living process, and knows each page object by its number. */
final class KernelObserver {
    private final LitmusWorld world;
    private final Kernel kernel;
    private final FrameNumbers numbers = new FrameNumbers();
    private final SlotNumbers slots = new SlotNumbers();

    KernelObserver(LitmusWorld world) {
        this.world = world;
        this.kernel = world.kernel();
    }

    /** Numbers the pages and swap slots that have appeared; once after every operation, as numbers follow the order of appearance. */
    void numberNewPages(List<Area> areas) {
        for (LitmusProcess process : world.living()) {
            for (Area area : areas) {
                numberNewPages(process.mm(), area);
            }
        }
        slots.endLook();
    }

    private void numberNewPages(MmStruct mm, Area area) {
        EntryReader entries = new EntryReader(kernel.machine().memory(), mm);
        long vaddr = area.vaddr();
        while (vaddr < area.endVaddr()) {
            if (!entries.hasTable(vaddr)) {
                vaddr = (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
                continue;
            }
            number(entries.pte(vaddr));
            vaddr += AreaLayout.PAGE_BYTES;
        }
    }

    private void number(long pte) {
        MemMap memMap = kernel.memMap();
        if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
            long pfn = Pte.pfn(pte);
            numbers.number(pfn, memMap.generation(pfn));
            if (memMap.testFlag(pfn, PageFlags.SWAPCACHE)) {
                slots.heldByPage(memMap.swap(pfn));
            }
        } else if (SwpEntry.isSlot(pte)) {
            slots.seenInEntry(SwpEntry.plain(pte));
        }
    }

    /** Prints an observe block of one range, or of all areas if {@code range} is null. */
    void observe(ObservationFormatter out, List<Area> areas, @Nullable PageRange range) {
        for (int number : world.numbers()) {
            LitmusProcess process = world.process(number);
            if (process == null) {
                out.dead(number);
            } else {
                observe(out, process, areas, range);
            }
        }
    }

    private void observe(ObservationFormatter out, LitmusProcess process, List<Area> areas, @Nullable PageRange range) {
        out.process(process.number(), world.vmPteKib(process), process.mm().lockedVm() << 2,
                process.buffers().pinnedKib());
        if (range != null) {
            out.range(process.number(), range, new AreaPages(kernel, process.mm(), range.area(), numbers, slots));
            return;
        }
        for (Area area : areas) {
            out.area(process.number(), area, new AreaPages(kernel, process.mm(), area, numbers, slots));
        }
    }
}
