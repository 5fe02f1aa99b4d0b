package dev.cowtable.suite.litmus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lines so far have defined: processes, areas, files, swap.
 *
 * <p>Invariant: an area keeps its address; it never becomes shorter.
 */
final class Names {
    private final Set<Integer> processes = new HashSet<>(Set.of(0));
    private final Map<String, Area> areas = new HashMap<>();
    private final List<Scenario.AreaDefinition> definitions = new ArrayList<>();
    private final AreaLayout layout = new AreaLayout();
    private final Set<String> declared = new HashSet<>();
    private final Map<String, FileSpec> files = new LinkedHashMap<>();
    private final Set<String> mentionedFiles;
    private boolean swapOn;
    private boolean swapUsed;

    /** {@code mentionedFiles} are the names that any line declares or maps. */
    Names(Set<String> mentionedFiles) {
        this.mentionedFiles = mentionedFiles;
    }

    int process(LineCursor cursor) {
        int proc = processNumber(cursor);
        if (!processes.contains(proc)) {
            throw cursor.error("unknown process 'P" + proc + "'");
        }
        return proc;
    }

    int newProcess(LineCursor cursor) {
        int proc = processNumber(cursor);
        if (!processes.add(proc)) {
            throw cursor.error("process P" + proc + " exists already");
        }
        return proc;
    }

    private static int processNumber(LineCursor cursor) {
        String word = cursor.word("process");
        if (!word.matches("P[0-9]{1,4}")) {
            throw cursor.error("expected a process, got '" + word + "'");
        }
        return Integer.parseInt(word.substring(1));
    }

    Area area(LineCursor cursor, String name) {
        Area area = areas.get(name);
        if (area == null) {
            throw cursor.error("unknown area '" + name + "'");
        }
        return area;
    }

    @Nullable
    Area areaOrNull(String name) {
        return areas.get(name);
    }

    /** Defines an area or lengthens it; {@code atVaddr} -1 leaves the place to the layout rule. */
    Area define(LineCursor cursor, int opNumber, String name, long pages, long atVaddr, long alignBytes) {
        Area old = areas.get(name);
        if (old != null && atVaddr >= 0 && atVaddr != old.vaddr()) {
            throw cursor.error("area " + name + " lies at 0x" + Long.toHexString(old.vaddr()) + " already");
        }
        long vaddr = old != null ? old.vaddr() : atVaddr >= 0 ? atVaddr : layout.next(alignBytes);
        if (vaddr > AreaLayout.END_VADDR || pages > (AreaLayout.END_VADDR - vaddr) >> AreaLayout.PAGE_SHIFT) {
            throw cursor.error("area " + name + " ends beyond the address space");
        }
        Area area = new Area(name, vaddr, old == null ? pages : Math.max(pages, old.pages()));
        if (!area.equals(old)) {
            areas.put(name, area);
            layout.occupy(area);
            definitions.add(new Scenario.AreaDefinition(opNumber, area));
        }
        return area;
    }

    void declareFile(LineCursor cursor, FileSpec file) {
        if (!declared.add(file.name())) {
            throw cursor.error("file '" + file.name() + "' is declared twice");
        }
        files.put(file.name(), file);
    }

    /** Notes a mapping that needs {@code pages} pages of the file. */
    void mapFile(String name, long pages) {
        FileSpec known = files.get(name);
        if (known == null || (!declared.contains(name) && known.pages() < pages)) {
            files.put(name, new FileSpec(name, pages, false));
        }
    }

    String file(LineCursor cursor) {
        String name = cursor.word("file");
        if (!mentionedFiles.contains(name)) {
            throw cursor.error("unknown file '" + name + "'");
        }
        return name;
    }

    void switchSwapOn(LineCursor cursor) {
        if (swapOn) {
            throw cursor.error("swap is on already");
        }
        if (swapUsed) {
            throw cursor.error("swap must come before the first pageout");
        }
        swapOn = true;
    }

    void useSwap() {
        swapUsed = true;
    }

    List<FileSpec> files() {
        return List.copyOf(files.values());
    }

    List<Scenario.AreaDefinition> definitions() {
        return definitions;
    }
}
