package dev.cowtable.suite.property;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.run.EntryReader;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
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
            String wrong = checkPage(entries.pte(vaddr), expected.page(vaddr));
            if (wrong != null) {
                return area.name() + "+" + page + " " + wrong;
            }
        }
        return null;
    }

    /** Entries of swapped pages say nothing of the content, nor does a missing entry of shared memory. */
    private @Nullable String checkPage(long pte, @Nullable ModelPage modelled) {
        if (modelled == null) {
            return pte == Pte.NONE ? null : "is not mapped and has an entry";
        }
        if (modelled.guard != SwpEntry.isGuard(pte)) {
            return modelled.guard ? "is no guard" : "is a guard";
        }
        boolean holdsZero = pte == Pte.NONE && !modelled.isShared();
        if (!Pte.isPresent(pte) && !holdsZero || modelled.isBeyondObject()) {
            return null;
        }
        int holds = holdsZero ? 0 : byteOf(Pte.pfn(pte));
        Seen wanted = modelled.seen();
        return modelled.guard || wanted.allows(holds) ? null : "holds " + holds + " and not " + wanted;
    }

    private @Nullable String checkHeld() {
        List<Seen> pinned = new ArrayList<>();
        model.forEachPinned(pinned::add);
        String wrong = checkAll("pins see ", pinned, session::forEachPinned);
        List<Seen> piped = new ArrayList<>();
        model.forEachPiped(piped::add);
        return wrong == null ? checkAll("pipes hold ", piped, session::forEachPiped) : wrong;
    }

    private @Nullable String checkAll(String what, List<Seen> wanted, Consumer<LongConsumer> frames) {
        List<Integer> held = new ArrayList<>();
        frames.accept(pfn -> held.add(byteOf(pfn)));
        boolean alike = held.size() == wanted.size();
        for (int i = 0; i < held.size() && alike; i++) {
            alike = wanted.get(i).allows(held.get(i));
        }
        return alike ? null : what + held + " and not " + wanted;
    }

    private int byteOf(long pfn) {
        return memory.readByte(pfn << AreaLayout.PAGE_SHIFT) & 0xff;
    }
}
