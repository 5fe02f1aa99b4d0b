package dev.cowtable.suite.property;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Draws programs of 5 to 60 operations over 2 to 5 processes that the parser accepts by construction.
 *
 * <p>The weights favour what meets in a shared table: writes, forks, pins, MADV_DONTNEED, and flags of neighbours in one 2 MiB.
 */
public final class ProgramGenerator {
    private static final int MIN_OPS = 5;
    private static final int MAX_OPS = 60;
    private static final int PROCESSES = 5;
    private static final int CPUS = 2;
    private static final String[] PROTS = {"r", "rw", "rw", "none", "rwx"};
    private static final String[] FLAG_ADVICE =
            {"dontfork", "dontfork", "dofork", "wipeonfork", "wipeonfork", "keeponfork"};
    private static final String[] ENDS = {"exit", "exit", "exit", "kill", "crash"};

    private record Pinned(int process, String range) {}

    private final Random random;
    private final List<AreaPlan.Planned> plan;
    private final List<AreaPlan.Planned> mapped = new ArrayList<>();
    private final List<Integer> living = new ArrayList<>(List.of(0));
    private final List<Integer> dead = new ArrayList<>();
    private final List<Pinned> pins = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private int processes = 1;

    private ProgramGenerator(Random random) {
        this.random = random;
        this.plan = new AreaPlan(random).draw();
    }

    /** Draws one program; the same random numbers give the same program. */
    public static Program generate(Random random) {
        return new ProgramGenerator(random).draw();
    }

    private Program draw() {
        int wanted = MIN_OPS + Math.min(random.nextInt(MAX_OPS - MIN_OPS + 1), random.nextInt(MAX_OPS - MIN_OPS + 1));
        int atOnce = 1 + random.nextInt(plan.size());
        for (int i = 0; i < atOnce && lines.size() < wanted - 3; i++) {
            mapNew();
        }
        int firstFork = lines.size() + 1 + random.nextInt(4);
        while (lines.size() < wanted) {
            if (processes == 1 && (lines.size() >= firstFork || lines.size() == wanted - 2)) {
                fork();
            } else {
                anyOp();
            }
        }
        return new Program(lines);
    }

    private void anyOp() {
        int dice = random.nextInt(100);
        if (dice < 46) {
            access(dice);
        } else if (dice < 72) {
            changeMapping(dice - 46);
        } else if (dice < 87) {
            reference(dice - 72);
        } else {
            lifecycle(dice - 87);
        }
    }

    private void access(int dice) {
        AreaPlan.Planned area = area();
        if (dice < 20) {
            op("write " + area.name() + "+" + page(area) + " " + random.nextInt(256));
        } else if (dice < 32) {
            op("read " + area.name() + "+" + page(area));
        } else if (dice < 41) {
            op("touchrange " + range(area) + (random.nextBoolean() ? " " + random.nextInt(256) : ""));
        } else {
            op("readrange " + range(area));
        }
    }

    private void changeMapping(int dice) {
        AreaPlan.Planned area = area();
        if (dice < 6) {
            op("mprotect " + range(area) + " " + pick(PROTS));
        } else if (dice < 9) {
            op("munmap " + range(area));
        } else if (dice < 17) {
            op("madvise " + range(area) + " dontneed");
        } else if (dice < 22) {
            op("madvise " + range(area) + " " + pick(FLAG_ADVICE));
        } else if (mapped.size() < plan.size() && dice < 24) {
            mapNew();
        } else {
            mapAgain(area);
        }
    }

    private void reference(int dice) {
        if (dice < 6) {
            pin();
        } else if (dice < 9) {
            unpin();
        } else if (dice < 12) {
            AreaPlan.Planned area = area();
            op("vmsplice " + area.name() + " " + page(area) + " -> q" + random.nextInt(2));
        } else {
            op("readpipe q" + random.nextInt(2));
        }
    }

    private void lifecycle(int dice) {
        if (dice < 7 && processes < PROCESSES) {
            fork();
        } else if (dice < 10 && living.size() > 1) {
            int process = living.remove(random.nextInt(living.size()));
            dead.add(process);
            lines.add("P" + process + " " + pick(ENDS));
        } else {
            op("cpu " + random.nextInt(CPUS));
        }
    }

    // ---------------------------------------------------------------- single operations

    private void fork() {
        int child = processes++;
        lines.add("P" + living.get(random.nextInt(living.size())) + " fork P" + child);
        living.add(child);
    }

    private void mapNew() {
        AreaPlan.Planned area = plan.get(mapped.size());
        mapped.add(area);
        op("mmap " + area.name() + " pages=" + area.pages() + area.at() + options());
    }

    /** Maps the first pages of an area once more: over what is there, or anew. */
    private void mapAgain(AreaPlan.Planned area) {
        int pages = area.isBig() && random.nextBoolean() ? area.pages() : 1 + random.nextInt(Math.min(area.pages(), 8));
        op("mmap " + area.name() + " pages=" + pages + options());
    }

    private String options() {
        String prot = random.nextInt(8) == 0 ? " prot=" + pick(PROTS) : "";
        return prot + (random.nextInt(8) == 0 ? " populate" : "") + (random.nextInt(8) == 0 ? " noreserve" : "");
    }

    private void pin() {
        AreaPlan.Planned area = area();
        int first = page(area);
        String range =
                area.name() + " " + first + " " + (first + 1 + random.nextInt(Math.min(3, area.pages() - first)));
        int process = process();
        pins.add(new Pinned(process, range));
        lines.add("P" + process + " pin " + range);
    }

    private void unpin() {
        if (pins.isEmpty()) {
            pin();
            return;
        }
        Pinned pinned = pins.remove(random.nextInt(pins.size()));
        lines.add("P" + pinned.process + " unpin " + pinned.range);
    }

    // ---------------------------------------------------------------- operands

    private void op(String text) {
        lines.add("P" + process() + " " + text);
    }

    private int process() {
        boolean wantsDead = !dead.isEmpty() && random.nextInt(50) == 0;
        List<Integer> from = wantsDead ? dead : living;
        return from.get(random.nextInt(from.size()));
    }

    private AreaPlan.Planned area() {
        return mapped.get(random.nextInt(mapped.size()));
    }

    /** In a big area mostly a page beside a border of tables. */
    private int page(AreaPlan.Planned area) {
        int page = area.isBig() && random.nextInt(4) != 0 ? random.nextInt(3) * 512 + random.nextInt(4) - 2
                : random.nextInt(area.pages());
        return Math.clamp(page, 0, area.pages() - 1);
    }

    private String range(AreaPlan.Planned area) {
        int whole = random.nextInt(4);
        if (whole == 0) {
            return area.name() + " 0 " + area.pages();
        }
        int first = page(area);
        int end = first + 1 + random.nextInt(area.isBig() && random.nextInt(3) == 0 ? 513 : 6);
        return area.name() + " " + first + " " + Math.min(end, area.pages());
    }

    private String pick(String[] from) {
        return from[random.nextInt(from.length)];
    }
}
