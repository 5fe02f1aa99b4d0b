package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.suite.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Plays one workload on one recorded process under several designs, each on a machine of its own.
 *
 * <p>Before it is measured, each design forks a throw-away copy of the process a few times, so that the Java VM has
 * compiled its code; only the host times depend on that. The kernel is checked with all processes alive, after the
 * children's exit and after the parent's.
 */
public final class Comparison {
    private static final int WARM_UP_FORKS = 6;

    private final Snapshot snapshot;
    private final Workload workload;
    private final double writeFraction;
    private final long seed;
    private final Progress progress;
    private int folioOrder;

    /**
     * Prepares a comparison.
     *
     * @param writeFraction NaN for the workload's own
     */
    public Comparison(Snapshot snapshot, Workload workload, double writeFraction, long seed, Progress progress) {
        this.snapshot = snapshot;
        this.workload = workload;
        this.writeFraction = Double.isNaN(writeFraction) ? workload.defaultWriteFraction() : writeFraction;
        this.seed = seed;
        this.progress = progress;
    }

    /** Puts anonymous memory into folios of 2^order pages where one fits; 0, the default, leaves pages small. */
    public Comparison withFolios(int order) {
        folioOrder = order;
        return this;
    }

    private Lab lab(Design design) {
        Lab lab = new Lab(design);
        lab.kernel().setAnonFolioOrder(folioOrder);
        return lab;
    }

    public CompareResult run(List<Design> designs) {
        List<DesignResult> results = new ArrayList<>();
        RebuiltProcess.Sizes sizes = null;
        RebuiltProcess process = null;
        for (Design design : designs) {
            progress.begin(design + ": warm-up");
            List<String> failures = warmUp(design);
            progress.begin(design + ": " + workload.name());
            Lab lab = lab(design);
            process = ProcessRebuilder.rebuild(snapshot, lab);
            sizes = process.sizes();
            results.add(play(design, lab, process, failures));
        }
        progress.end();
        if (process == null || sizes == null) {
            throw new IllegalArgumentException("no design is named");
        }
        return new CompareResult(snapshot, sizes, process.orderedLeftOut(),
                CompareResult.Folios.of(folioOrder, process),
                process.hostNanos(), workload.name(), writeFraction, seed, results);
    }

    /** Returns how the design died, if it did. */
    private List<String> warmUp(Design design) {
        Lab lab = lab(design);
        RebuiltProcess process = ProcessRebuilder.rebuild(snapshot, lab);
        Stage stage = new Stage(lab, process, 0, seed, Progress.none());
        try {
            for (int i = 0; i < WARM_UP_FORKS; i++) {
                stage.exit(stage.fork());
            }
            return List.of();
        } catch (RuntimeException e) {
            return List.of("died in the warm-up: " + e);
        }
    }

    private DesignResult play(Design design, Lab lab, RebuiltProcess process, List<String> failures) {
        Kernel kernel = lab.kernel();
        Stage stage = new Stage(lab, process, writeFraction, seed, progress);
        failures.forEach(stage::violated);
        Map<Figure, Long> figures = new EnumMap<>(Figure.class);
        figures.put(Figure.PARENT_TABLES, lab.processTables() << 12);
        Map<Counter, Long> before = counts(kernel.counters());
        kernel.resetPeakTables();
        try {
            long begin = System.nanoTime();
            workload.run(stage);
            figures.put(Figure.WORKLOAD_NANOS, System.nanoTime() - begin - stage.pausedNanos());
            stage.check("at the end of the workload");
            addFigures(figures, lab, stage, before);
            end(lab, stage);
        } catch (UnsupportedOperationException e) {
            return new DesignResult(design.toString(), Map.of(), stage.violations(), e.getMessage());
        } catch (RuntimeException e) {
            stage.violated("died: " + e);
        }
        return new DesignResult(design.toString(), figures, stage.violations(), null);
    }

    private static void addFigures(Map<Figure, Long> figures, Lab lab, Stage stage, Map<Counter, Long> before) {
        figures.put(Figure.PEAK_TABLES, lab.peakProcessTables() << 12);
        figures.put(Figure.PEAK_VMPTE, stage.peakVmPteBytes());
        figures.put(Figure.FORK_NANOS, stage.medianForkNanos());
        Map<Counter, Long> after = counts(lab.kernel().counters());
        for (Figure figure : Figure.values()) {
            Counter counter = figure.counter();
            if (counter != null) {
                figures.put(figure, after.getOrDefault(counter, 0L) - before.getOrDefault(counter, 0L));
            }
        }
    }

    private static Map<Counter, Long> counts(Counters counters) {
        Map<Counter, Long> sums = new EnumMap<>(Counter.class);
        for (Counter counter : Counter.values()) {
            sums.put(counter, counters.sum(counter));
        }
        return sums;
    }

    /** Ends all processes, with checks between. */
    private static void end(Lab lab, Stage stage) {
        if (!stage.children().isEmpty()) {
            stage.children().forEach(stage::exit);
            stage.check("after the children's exit");
        }
        stage.exitParent();
        new InvariantChecker(lab.kernel()).check().forEach(v -> stage.violated("after the parent's exit: " + v));
        lab.leaks().forEach(stage::violated);
    }
}
