package dev.cowtable.suite.explore;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.ThreadedExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a race with a real thread for each CPU: no schedule, but the machine's own interleavings and memory order. */
public final class StressRunner implements AutoCloseable {
    private static final long WATCHDOG_SECONDS = 60;

    private final Race race;
    private final Design design;
    private final ExecutorService threads;
    private final CyclicBarrier start;

    public StressRunner(Race race, Design design) {
        this.race = race;
        this.design = design;
        this.threads = Executors.newFixedThreadPool(race.cpus());
        this.start = new CyclicBarrier(race.cpus());
    }

    /** What the first bad round of so many violates; nothing if all are good. */
    public List<String> run(int rounds) throws InterruptedException {
        List<String> violations = List.of();
        for (int i = 0; i < rounds && violations.isEmpty(); i++) {
            violations = runOnce();
        }
        return violations;
    }

    private List<String> runOnce() throws InterruptedException {
        RaceTrial trial = new RaceTrial(race, design, new ThreadedExecutor());
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < race.cpus(); i++) {
            int cpu = i;
            running.add(threads.submit(() -> runBody(trial.machine(), cpu, trial.bodies().get(cpu))));
        }
        List<String> violations = new ArrayList<>();
        for (int i = 0; i < running.size(); i++) {
            awaitBody(i, running.get(i), violations);
        }
        return violations.isEmpty() ? trial.check() : violations;
    }

    private void runBody(Machine machine, int cpu, Body body) {
        try {
            start.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException("the round did not begin", e);
        }
        body.runEntered(machine.cpu(cpu));
    }

    private static void awaitBody(int cpu, Future<?> body, List<String> violations) throws InterruptedException {
        try {
            // Once one has failed, others may wait for it for ever.
            body.get(violations.isEmpty() ? WATCHDOG_SECONDS : 1, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            violations.add("CPU " + cpu + " ends with " + e.getCause());
        } catch (TimeoutException e) {
            violations.add("CPU " + cpu + " does not end");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
