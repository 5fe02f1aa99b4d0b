package dev.cowtable.suite.property;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A random program while it is being drawn: its lines, who lives, what is mapped, and how operands are drawn. */
final class ProgramDraft {
    private static final int TABLE_PAGES = 512;

    private final Random random;
    private final List<AreaPlan.Planned> plan;
    private final List<AreaPlan.Planned> areas = new ArrayList<>();
    private final List<Integer> living = new ArrayList<>(List.of(0));
    private final List<Integer> dead = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private int processes = 1;

    ProgramDraft(Random random) {
        this.random = random;
        this.plan = new AreaPlan(random).draw();
    }

    Program program() {
        return new Program(lines);
    }

    int size() {
        return lines.size();
    }

    int processes() {
        return processes;
    }

    // ---------------------------------------------------------------- lines

    void line(String text) {
        lines.add(text);
    }

    /** An operation of any process. */
    void op(String text) {
        lines.add("P" + process() + " " + text);
    }

    void fork() {
        int child = processes++;
        lines.add("P" + living() + " fork P" + child);
        living.add(child);
    }

    /** Ends a process, unless it is the last one; whether it did. */
    boolean end(String how) {
        if (living.size() == 1) {
            return false;
        }
        int process = living.remove(random.nextInt(living.size()));
        dead.add(process);
        lines.add("P" + process + " " + how);
        return true;
    }

    // ---------------------------------------------------------------- areas

    boolean hasUnmappedAreas() {
        return areas.size() < plan.size() && areas.equals(plan.subList(0, areas.size()));
    }

    /** The next area of the plan, in use from now on. */
    AreaPlan.Planned nextArea() {
        AreaPlan.Planned area = plan.get(areas.size());
        areas.add(area);
        return area;
    }

    int plannedAreas() {
        return plan.size();
    }

    /** A new area outside the plan, of a name of its own: a small one in the first 2 MiB half of the time. */
    AreaPlan.Planned addArea(int pages) {
        String at = pages <= AreaPlan.SPARE_PAGES && oneIn(2) ? AreaPlan.spare(below(AreaPlan.SPARES)) : "";
        AreaPlan.Planned area = new AreaPlan.Planned("M" + areas.size(), pages, at);
        areas.add(area);
        return area;
    }

    /** Makes an area longer. */
    void lengthen(AreaPlan.Planned area, int pages) {
        areas.set(areas.indexOf(area), new AreaPlan.Planned(area.name(), pages, area.at()));
    }

    // ---------------------------------------------------------------- operands

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean oneIn(int chances) {
        return random.nextInt(chances) == 0;
    }

    String pick(String... from) {
        return from[random.nextInt(from.length)];
    }

    /** A living process, seldom a dead one. */
    int process() {
        boolean wantsDead = !dead.isEmpty() && random.nextInt(50) == 0;
        return wantsDead ? dead.get(random.nextInt(dead.size())) : living();
    }

    int living() {
        return living.get(random.nextInt(living.size()));
    }

    AreaPlan.Planned area() {
        return areas.get(random.nextInt(areas.size()));
    }

    /** {@code A+k}. */
    String page() {
        AreaPlan.Planned area = area();
        return area.name() + "+" + page(area);
    }

    /** In a big area mostly a page beside a border of tables. */
    int page(AreaPlan.Planned area) {
        int page = area.isBig() && random.nextInt(4) != 0
                ? random.nextInt(3) * TABLE_PAGES + random.nextInt(4) - 2
                : random.nextInt(area.pages());
        return Math.clamp(page, 0, area.pages() - 1);
    }

    /** {@code A i j}, of any area. */
    String range() {
        return range(area());
    }

    /** {@code A i j}, a quarter of the time all of it. */
    String range(AreaPlan.Planned area) {
        if (oneIn(4)) {
            return area.name() + " 0 " + area.pages();
        }
        int first = page(area);
        int end = first + 1 + random.nextInt(area.isBig() && oneIn(3) ? TABLE_PAGES + 1 : 6);
        return area.name() + " " + first + " " + Math.min(end, area.pages());
    }
}
