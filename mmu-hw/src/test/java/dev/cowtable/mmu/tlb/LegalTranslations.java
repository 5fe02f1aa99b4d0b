package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What one CPU may still use: every translation, and every step to a table, that memory gave at some time since the
 * last event that had to drop it (SDM volume 3, 4.10.2 to 4.10.4). It knows nothing of real caches: each step that
 * could have been cached counts as cached, and each that memory gives now is added.
 */
final class LegalTranslations {
    private static final int ALL_RIGHTS = 7;

    /** The table that a step leads to, and the rights W=1, U=2, X=4 of the path to it. */
    record Step(long table, int rights) {
    }

    /** A page that a walk reached. */
    record Leaf(int pcid, int level, long page, long frame, int rights, boolean global) {
        boolean covers(long vaddr) {
            return page == (vaddr & -Paging.sizeBytes(level));
        }

        boolean isUsable(int underPcid) {
            return global || pcid == underPcid;
        }
    }

    private record Place(int pcid, int level, long prefix) {
    }

    private final PhysicalMemory memory;
    private final List<Long> pages;
    private final boolean remembers;
    private final Map<Place, Set<Step>> steps = new HashMap<>();
    private final Set<Leaf> leaves = new HashSet<>();
    private int pcid;
    private long root;

    /** The pages are all that will ever be asked about; one that does not remember has no caches. */
    LegalTranslations(PhysicalMemory memory, List<Long> pages, boolean remembers) {
        this.memory = memory;
        this.pages = pages;
        this.remembers = remembers;
    }

    void select(int newPcid, long newRoot) {
        pcid = newPcid;
        root = newRoot;
    }

    int pcid() {
        return pcid;
    }

    /** Adds what memory gives now under the current PCID. */
    void observe() {
        if (!remembers) {
            steps.clear();
            leaves.clear();
        }
        for (long page : pages) {
            Set<Step> above = Set.of(new Step(root, ALL_RIGHTS));
            for (int level = Paging.TOP_LEVEL; level >= 1; level--) {
                above = descend(above, page, level);
            }
        }
    }

    private Set<Step> descend(Set<Step> above, long vaddr, int level) {
        Set<Step> reached = steps.computeIfAbsent(place(vaddr, level), key -> new HashSet<>());
        for (Step step : above) {
            long entry = entry(step, vaddr, level);
            int rights = step.rights & rights(entry);
            if ((entry & 1) != 0 && (level == 1 || (level == 2 && (entry & 0x80) != 0))) {
                long size = Paging.sizeBytes(level);
                leaves.add(new Leaf(pcid, level, vaddr & -size, entry & 0x000f_ffff_ffff_f000L & -size, rights,
                        (entry & 0x100) != 0));
            } else if ((entry & 1) != 0) {
                reached.add(new Step(entry & 0x000f_ffff_ffff_f000L, rights));
            }
        }
        return reached;
    }

    private Place place(long vaddr, int level) {
        return new Place(pcid, level, vaddr & -Paging.sizeBytes(level));
    }

    private long entry(Step step, long vaddr, int level) {
        return memory.read(step.table + 8 * ((vaddr >>> (3 + 9 * level)) & 511));
    }

    private static int rights(long entry) {
        return (int) ((entry >>> 1) & 3) | (entry < 0 ? 0 : 4);
    }

    // ---- questions

    boolean allows(Leaf leaf) {
        return leaves.contains(leaf);
    }

    boolean allowsStep(long vaddr, int level, Step step) {
        return steps.getOrDefault(place(vaddr, level), Set.of()).contains(step);
    }

    /** Some page that may be used for the address is of this kind. */
    boolean anyLeaf(long vaddr, Predicate<Leaf> kind) {
        return leaves.stream().anyMatch(leaf -> leaf.covers(vaddr) && leaf.isUsable(pcid) && kind.test(leaf));
    }

    /** A walk from some step that may be used meets an entry that is not present. */
    boolean mayFindNothing(long vaddr) {
        Set<Step> above = Set.of(new Step(root, ALL_RIGHTS));
        for (int level = Paging.TOP_LEVEL; level >= 1; level--) {
            for (Step step : above) {
                if (!Entry.isPresent(entry(step, vaddr, level))) {
                    return true;
                }
            }
            above = steps.getOrDefault(place(vaddr, level), Set.of());
        }
        return false;
    }

    // ---- events that drop: the manual's table

    void drop(Predicate<Leaf> gone, Predicate<Integer> goneSteps) {
        leaves.removeIf(gone);
        steps.keySet().removeIf(place -> goneSteps.test(place.pcid));
        observe();
    }

    /** A page fault drops only the steps on the way to the address. */
    void dropFaulting(long vaddr, Predicate<Leaf> gone) {
        leaves.removeIf(gone);
        for (int level = 2; level <= Paging.TOP_LEVEL; level++) {
            steps.remove(place(vaddr, level));
        }
        observe();
    }
}
