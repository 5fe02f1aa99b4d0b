package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbGeometry;
import dev.cowtable.mmu.tlb.TlbGeometry.Size;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.hardware.HardwareResult.Sighting;
import java.util.List;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Runs a test through all its interleavings, or, if there are too many, through the first ones and random ones. */
public final class HardwareRunner {
    private static final long MOST_SCHEDULES = 20_000;
    private static final long RANDOM_SCHEDULES = 20_000;
    private static final long SEED = 1;
    private static final long MEMORY_BYTES = 8L << 20;
    /** Enough for the pages of any test, so that nothing is evicted, and quick to make. */
    private static final TlbGeometry GEOMETRY = new TlbGeometry(new Size(16, 4), new Size(2, 4), new Size(1, 4),
            new Size(2, 4), new Size(1, 4), new Size(1, 4));

    private final boolean sleepSets;
    private final long mostSchedules;
    private final long randomSchedules;

    public HardwareRunner() {
        this(true, MOST_SCHEDULES, RANDOM_SCHEDULES);
    }

    /** Without sleep sets every order of steps is run, those that make no difference too. */
    HardwareRunner(boolean sleepSets, long mostSchedules, long randomSchedules) {
        this.sleepSets = sleepSets;
        this.mostSchedules = mostSchedules;
        this.randomSchedules = randomSchedules;
    }

    public HardwareResult run(HardwareTest test, TlbPolicy policy) {
        SequencedMap<String, Sighting> sightings = new TreeMap<>();
        ChoiceTree tree = new ChoiceTree(sleepSets);
        long schedules = 0;
        boolean more = true;
        while (more && schedules < mostSchedules) {
            Interleavings interleavings = Interleavings.of(tree);
            String outcome = runOnce(test, policy, interleavings);
            if (!tree.isRedundant()) {
                schedules++;
                note(sightings, outcome, interleavings);
            }
            more = tree.next();
        }
        long random = more ? randomSchedules : 0;
        SplittableRandom source = new SplittableRandom(SEED);
        for (long i = 0; i < random; i++) {
            Interleavings interleavings = Interleavings.random(source);
            note(sightings, runOnce(test, policy, interleavings), interleavings);
        }
        return new HardwareResult(test, policy, sightings, schedules + random, random);
    }

    private static void note(SequencedMap<String, Sighting> sightings, String outcome, Interleavings way) {
        Sighting before = sightings.get(outcome);
        sightings.put(outcome, before == null ? new Sighting(1, way.trace())
                : new Sighting(before.count() + 1, before.trace()));
    }

    private static String runOnce(HardwareTest test, TlbPolicy policy, Interleavings interleavings) {
        Words words = new Words();
        SteppedExecutor executor = new SteppedExecutor(interleavings, words);
        Machine machine = Machine.builder().cpus(test.cpus()).memoryBytes(MEMORY_BYTES).tlbPolicy(policy)
                .tlbGeometry(GEOMETRY).model(test.model()).storeBuffer(test.storeBuffer()).executor(executor)
                .build();
        Stage stage = new Stage(machine, words, test.storeBuffer());
        test.script().lay(stage);
        interleavings.begin(stage.states(), stage.speculations());
        List<String> failures = executor.run(machine, stage.bodies());
        return failures.isEmpty() ? stage.outcome() : String.join("; ", failures);
    }
}
