package dev.cowtable.suite.property;

import java.util.Random;

/**
 * Draws programs of 5 to 60 operations over 2 to 5 processes that the parser accepts by construction.
 *
 * <p>The weights favour what meets in a shared table: writes, forks, pins, MADV_DONTNEED, and flags of neighbours in one 2 MiB. A
 * {@link Profile} shifts them.
 */
public final class ProgramGenerator {
    private static final int MIN_OPS = 5;
    private static final int MAX_OPS = 60;
    private static final int PROCESSES = 5;
    private static final int CPUS = 2;
    private static final String[] ENDS = {"exit", "exit", "exit", "kill", "crash"};

    private final Random random;
    private final Profile profile;
    private final ProgramDraft draft;
    private final MappingDraw mappings;
    private final HoldDraw holds;

    private ProgramGenerator(Random random, Profile profile) {
        this.random = random;
        this.profile = profile;
        draft = new ProgramDraft(random);
        mappings = new MappingDraw(draft, profile);
        holds = new HoldDraw(draft, profile);
    }

    /** Draws one program of the {@link Profile#FORK} kind; the same random numbers give the same program. */
    public static Program generate(Random random) {
        return generate(random, Profile.FORK);
    }

    /** Draws one program of that kind; the same random numbers give the same program. */
    public static Program generate(Random random, Profile profile) {
        return new ProgramGenerator(random, profile).draw();
    }

    private Program draw() {
        int wanted = MIN_OPS + Math.min(random.nextInt(MAX_OPS - MIN_OPS + 1), random.nextInt(MAX_OPS - MIN_OPS + 1));
        if (profile.swap() != null) {
            draft.line("swap " + profile.swap().word());
        }
        int atOnce = 1 + random.nextInt(draft.plannedAreas());
        for (int i = 0; i < atOnce && (i == 0 || draft.size() < wanted - 3); i++) {
            mappings.mapNew();
        }
        int firstFork = draft.size() + 1 + random.nextInt(4);
        while (draft.size() < wanted) {
            if (draft.processes() == 1 && (draft.size() >= firstFork || draft.size() == wanted - 2)) {
                draft.fork();
            } else {
                anyOp();
            }
        }
        return draft.program();
    }

    private void anyOp() {
        Profile.Weights weights = profile.weights();
        int dice = random.nextInt(100);
        if ((dice -= weights.access()) < 0) {
            access();
        } else if ((dice -= weights.mapping()) < 0) {
            mappings.mapping();
        } else if ((dice -= weights.advice()) < 0) {
            mappings.advice();
        } else if ((dice -= weights.move()) < 0) {
            mappings.move();
        } else if ((dice -= weights.lock()) < 0) {
            mappings.lock();
        } else if ((dice -= weights.hold()) < 0) {
            holds.hold();
        } else if (dice < weights.outside()) {
            holds.outside();
        } else {
            lifecycle();
        }
    }

    private void access() {
        int dice = random.nextInt(46);
        if (dice < 20) {
            draft.op("write " + draft.page() + " " + value());
        } else if (dice < 32) {
            draft.op("read " + draft.page());
        } else if (dice < 41) {
            draft.op("touchrange " + draft.range() + (random.nextBoolean() ? " " + value() : ""));
        } else {
            draft.op("readrange " + draft.range());
        }
    }

    /** Zero more often than others: pages full of zeros are swapped in a way of their own. */
    private int value() {
        return draft.oneIn(12) ? 0 : random.nextInt(256);
    }

    private void lifecycle() {
        int dice = random.nextInt(15);
        if (dice < 7 && draft.processes() < PROCESSES) {
            draft.fork();
        } else if (dice >= 10 || !draft.end(draft.pick(ENDS))) {
            other();
        }
    }

    private void other() {
        if (profile == Profile.FORK || draft.oneIn(2)) {
            draft.op("cpu " + random.nextInt(CPUS));
        } else {
            draft.line("drain");
        }
    }
}
