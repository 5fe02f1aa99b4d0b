package dev.cowtable.mmu;

import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.event.Invalidation;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.tlb.Translation;
import java.util.ArrayList;
import java.util.List;

/** Every event as one line of text, numbers in hexadecimal. */
public final class EventLog implements MmuListener {
    private final List<String> lines = new ArrayList<>();

    /** What was told since the last call. */
    public List<String> take() {
        List<String> taken = List.copyOf(lines);
        lines.clear();
        return taken;
    }

    /** As {@link #take}, only lines that begin with the word. */
    public List<String> take(String word) {
        return take().stream().filter(line -> line.startsWith(word + " ")).toList();
    }

    private static String describe(long translation) {
        return "-> %x level %d%s%s%s%s%s".formatted(Translation.paddr(translation),
                Translation.level(translation), bit(translation, Translation.WRITABLE, " W"),
                bit(translation, Translation.USER, " U"), bit(translation, Translation.EXECUTABLE, " X"),
                bit(translation, Translation.DIRTY, " D"), bit(translation, Translation.GLOBAL, " G"));
    }

    private static String bit(long translation, long bit, String name) {
        return (translation & bit) != 0 ? name : "";
    }

    @Override
    public void walkStep(int cpu, int level, long entryPaddr, long entry) {
        lines.add("step %d level %d %x: %x".formatted(cpu, level, entryPaddr, entry));
    }

    @Override
    public void flagsSet(int cpu, int level, long entryPaddr, long before, long after) {
        lines.add("flags %d level %d %x: %x to %x".formatted(cpu, level, entryPaddr, before, after));
    }

    @Override
    public void tlbFilled(int cpu, int pcid, long vaddr, long translation) {
        lines.add("fill %d pcid %x %x %s".formatted(cpu, pcid, vaddr, describe(translation)));
    }

    @Override
    public void tlbEvicted(int cpu, int pcid, long vaddr, int level) {
        lines.add("evict %d pcid %x %x level %d".formatted(cpu, pcid, vaddr, level));
    }

    @Override
    public void structureFilled(int cpu, int pcid, long vaddr, long translation) {
        lines.add("structure %d pcid %x %x %s".formatted(cpu, pcid, vaddr, describe(translation)));
    }

    @Override
    public void invalidated(int cpu, Invalidation cause, int pcid, long vaddr) {
        lines.add("invalidated %d %s pcid %x %x".formatted(cpu, cause, pcid, vaddr));
    }

    @Override
    public void faulted(int cpu, long vaddr, long fault) {
        lines.add("fault %d %x %s".formatted(cpu, vaddr, Fault.describe(fault)));
    }

    @Override
    public void ipiSent(int from, int to) {
        lines.add("sent %d to %d".formatted(from, to));
    }

    @Override
    public void ipiDelivered(int from, int to) {
        lines.add("delivered %d to %d".formatted(from, to));
    }

    @Override
    public void ipiAcknowledged(int from, int to) {
        lines.add("acknowledged %d to %d".formatted(from, to));
    }
}
