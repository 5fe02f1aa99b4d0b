package dev.cowtable.suite.locks;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.lock.LockStatistics;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.explore.Body;
import dev.cowtable.suite.explore.ScheduledExecutor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** One run of the scene on a kernel booted for it. */
final class LockTrial {
    private static final long MEMORY_BYTES = 4L << 30;
    private static final long STEP_LIMIT = 200_000_000;
    private static final List<Counter> COUNTED = List.of(Counter.TABLE_BROKEN, Counter.TABLE_EDITED, Counter.TLB_FLUSH,
            Counter.IPI);

    private final ScheduledExecutor executor;
    private final Machine machine;
    private final Kernel kernel;
    private final long freePagesAtBoot;
    private final LockStatistics statistics;
    private final LockScene scene;
    private final long seed;
    private final List<String> refusals = new ArrayList<>();

    LockTrial(Design design, LockOptions options, long seed) {
        this.seed = seed;
        executor = new ScheduledExecutor(new EvenScheduler(seed), STEP_LIMIT);
        StepClock clock = new StepClock(executor);
        machine = Machine.builder().cpus(options.cpus()).memoryBytes(MEMORY_BYTES).tlbPolicy(TlbPolicy.REALISTIC)
                .executor(clock).build();
        kernel = new Kernel(machine, design);
        freePagesAtBoot = kernel.pageAllocator().freePageCount();
        statistics = new LockStatistics(kernel.counters(), clock::stepsOf, options.cpus(), LockCause.values().length);
        scene = new LockScene(kernel, options, seed, (cpu, cause) -> statistics.setCause(cpu, cause.ordinal()));
    }

    void run(LockTotals totals) {
        Map<Counter, Long> before = new EnumMap<>(Counter.class);
        COUNTED.forEach(counter -> before.put(counter, kernel.counters().sum(counter)));
        kernel.lockdep().observe(statistics);
        ScheduledExecutor.Outcome outcome = executor.run(machine, scene.bodies().stream().map(this::unlessRefused)
                .toList());
        kernel.lockdep().observe(null);
        if (!refusals.isEmpty()) {
            totals.refuse(refusals.getFirst());
            return;
        }
        totals.add(statistics);
        totals.add(kernel.counters(), before);
        totals.addSteps(outcome.steps());
        totals.addPagesFreed(scene.pagesFreed());
        List<String> violations = outcome.failures().isEmpty() ? check() : outcome.failures();
        violations.forEach(sentence -> totals.violated("seed " + seed + ": " + sentence));
    }

    private Body unlessRefused(Body body) {
        return cpu -> {
            try {
                body.run(cpu);
            } catch (UnsupportedOperationException e) {
                refusals.add(String.valueOf(e.getMessage()));
            }
        };
    }

    private List<String> check() {
        List<String> violations = new ArrayList<>();
        try {
            violations.addAll(new InvariantChecker(kernel).check());
            violations.addAll(scene.wrongReads());
            if (violations.isEmpty()) {
                checkTeardown(violations);
            }
        } catch (RuntimeException e) {
            violations.add("the end of the run meets " + e);
        }
        return violations;
    }

    private void checkTeardown(List<String> violations) {
        Cpu cpu = machine.cpu(0);
        for (MmStruct mm : kernel.mms()) {
            kernel.exitMmap(cpu, mm);
        }
        kernel.swap().swapoffAll(cpu);
        kernel.lru().lruAddDrainAll(cpu);
        long lost = freePagesAtBoot - kernel.pageAllocator().freePageCount();
        if (lost != 0) {
            violations.add(lost + " pages are lost when all processes have ended");
        }
    }
}
