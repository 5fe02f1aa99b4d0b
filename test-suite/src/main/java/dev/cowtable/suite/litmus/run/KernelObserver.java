package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
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

    KernelObserver(LitmusWorld world) {
        this.world = world;
        this.kernel = world.kernel();
    }

    /** Numbers the pages that have appeared; once after every operation, as numbers follow the order of appearance. */
    void numberNewPages(List<Area> areas) {
        for (LitmusProcess process : world.living()) {
            for (Area area : areas) {
                numberNewPages(process.mm(), area);
            }
        }
    }

    private void numberNewPages(MmStruct mm, Area area) {
        EntryReader entries = new EntryReader(kernel.machine().memory(), mm);
        MemMap memMap = kernel.memMap();
        long vaddr = area.vaddr();
        while (vaddr < area.endVaddr()) {
            if (!entries.hasTable(vaddr)) {
                vaddr = (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
                continue;
            }
            long pte = entries.pte(vaddr);
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                numbers.number(Pte.pfn(pte), memMap.generation(Pte.pfn(pte)));
            }
            vaddr += AreaLayout.PAGE_BYTES;
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
        out.process(process.number(), world.vmPteKib(process), 0, process.buffers().pinnedKib());
        if (range != null) {
            out.range(process.number(), range, new AreaPages(kernel, process.mm(), range.area(), numbers));
            return;
        }
        for (Area area : areas) {
            out.area(process.number(), area, new AreaPages(kernel, process.mm(), area, numbers));
        }
    }
}
