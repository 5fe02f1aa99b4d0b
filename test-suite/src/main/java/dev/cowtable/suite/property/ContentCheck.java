package dev.cowtable.suite.property;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.run.EntryReader;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares what every page, pin and pipe of a run holds with what the model says, past the TLBs. */
final class ContentCheck {
    private final LitmusSession session;
    private final MemoryModel model;
    private final PhysicalMemory memory;

    ContentCheck(LitmusSession session, MemoryModel model) {
        this.session = session;
        this.model = model;
        this.memory = session.kernel().machine().memory();
    }

    /** The first page, pin or pipe that holds another value than it must, in words, or null. */
    @Nullable
    String check(List<Area> areas) {
        for (int number : session.numbers()) {
            MmStruct mm = session.mm(number);
            ModelProcess expected = model.process(number);
            if ((mm == null) != (expected == null)) {
                return "P" + number + (mm == null ? " is dead" : " lives");
            }
            for (Area area : areas) {
                String wrong = mm == null || expected == null ? null : checkArea(mm, expected, area);
                if (wrong != null) {
                    return "P" + number + " " + wrong;
                }
            }
        }
        return checkHeld();
    }

    private @Nullable String checkArea(MmStruct mm, ModelProcess expected, Area area) {
        EntryReader entries = new EntryReader(memory, mm);
        for (long page = 0; page < area.pages(); page++) {
            long vaddr = area.vaddr() + page * AreaLayout.PAGE_BYTES;
            long pte = entries.pte(vaddr);
            ModelProcess.Page modelled = expected.page(vaddr);
            int holds = Pte.isPresent(pte) ? byteOf(Pte.pfn(pte)) : 0;
            int wanted = modelled == null ? 0 : ModelProcess.value(modelled);
            if (holds != wanted || (modelled == null && pte != 0)) {
                return area.name() + "+" + page + " holds " + holds + " and not "
                        + (modelled == null ? "nothing" : wanted);
            }
        }
        return null;
    }

    private @Nullable String checkHeld() {
        List<Integer> pinned = new ArrayList<>();
        session.forEachPinned(pfn -> pinned.add(byteOf(pfn)));
        List<Integer> wantedPinned = new ArrayList<>();
        model.forEachPinned(wantedPinned::add);
        if (!pinned.equals(wantedPinned)) {
            return "pins see " + pinned + " and not " + wantedPinned;
        }
        List<Integer> piped = new ArrayList<>();
        session.forEachPiped(pfn -> piped.add(byteOf(pfn)));
        List<Integer> wantedPiped = new ArrayList<>();
        model.forEachPiped(wantedPiped::add);
        return piped.equals(wantedPiped) ? null : "pipes hold " + piped + " and not " + wantedPiped;
    }

    private int byteOf(long pfn) {
        return memory.readByte(pfn << AreaLayout.PAGE_SHIFT) & 0xff;
    }
}
