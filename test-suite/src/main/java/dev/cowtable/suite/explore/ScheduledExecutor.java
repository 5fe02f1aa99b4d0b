package dev.cowtable.suite.explore;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Runs the CPUs' bodies one step at a time in the order that a scheduler chooses, and records the choices.
 *
 * <p>Each body has a thread, but a baton lets only one run. At a step the scheduler is asked; if it names the same
 * CPU, the step returns at once, else the baton goes over. A blocked CPU is offered to the scheduler when what it
 * waits for is ready, or when an interrupt is pending that it would take. If nobody can go on, if a body throws, or
 * if there are too many steps, that is recorded and all bodies are unwound by {@link Stopped}.
 *
 * <p>Outside {@link #run} steps do nothing: setting up and looking afterwards are not part of the schedule.
 *
 * <p>Locks: all fields but {@code stopped} are touched only by who has the baton, or by the caller of run while
 * nobody has.
 */
public final class ScheduledExecutor implements Executor {
    private static final long WATCHDOG_SECONDS = 20;

    private final Scheduler scheduler;
    private final long stepLimit;
    private final Schedule.Recorder recorder = new Schedule.Recorder();
    private final List<String> failures = new ArrayList<>();
    private final Semaphore allEnded = new Semaphore(0);
    private Actor[] actors = new Actor[0];
    private int current = Scheduler.NOBODY;
    private boolean active;
    private long steps;
    private volatile boolean stopped;

    public ScheduledExecutor(Scheduler scheduler, long stepLimit) {
        this.scheduler = scheduler;
        this.stepLimit = stepLimit;
    }

    /** What a run came to; no failures if all bodies ended. */
    public record Outcome(List<String> failures, Schedule schedule, long steps) {
    }

    /** Runs body {@code i} on CPU {@code i} until all have ended or one failed. */
    public Outcome run(Machine machine, List<? extends Body> bodies) {
        actors = new Actor[bodies.size()];
        for (int i = 0; i < actors.length; i++) {
            int id = i;
            Body body = bodies.get(i);
            actors[i] = new Actor(machine.cpu(i), () -> main(actors[id], body));
        }
        active = true;
        for (Actor actor : actors) {
            actor.start();
        }
        current = choose(Step.OTHER);
        actors[current].giveTurn();
        awaitEnd();
        active = false;
        return new Outcome(List.copyOf(failures), recorder.schedule(), steps);
    }

    /** Watches for progress, not for time: a body that is stuck between two steps can not be unwound, only reported. */
    private void awaitEnd() {
        try {
            long before = -1;
            while (!allEnded.tryAcquire(WATCHDOG_SECONDS, TimeUnit.SECONDS)) {
                if (before == steps) {
                    stopped = true;
                    failures.add("CPU " + current + " hangs between two steps");
                    return;
                }
                before = steps;
            }
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
            failures.add("the run was interrupted");
        }
    }

    // ---------------------------------------------------------------- the bodies' threads

    @SuppressWarnings("CatchAndPrintStackTrace")
    private void main(Actor self, Body body) {
        self.awaitTurn();
        try {
            if (!stopped) {
                body.runEntered(self.cpu());
            }
        } catch (Stopped e) {
            // The run is over; why is recorded.
        } catch (RuntimeException | Error e) {
            fail(self.cpu() + " ends with " + e);
        }
        self.end();
        passOn();
    }

    private void passOn() {
        int next = stopped ? Scheduler.NOBODY : choose(Step.OTHER);
        if (next == Scheduler.NOBODY) {
            next = anyNotEnded();
        }
        if (next == Scheduler.NOBODY) {
            allEnded.release();
        } else {
            current = next;
            actors[next].giveTurn();
        }
    }

    private int anyNotEnded() {
        for (int i = 0; i < actors.length; i++) {
            if (!actors[i].hasEnded()) {
                return i;
            }
        }
        return Scheduler.NOBODY;
    }

    private void fail(String sentence) {
        if (!stopped) {
            stopped = true;
            failures.add(sentence);
        }
    }

    // ---------------------------------------------------------------- scheduling points

    @Override
    public boolean observesSteps() {
        return true;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
        if (active) {
            if (++steps > stepLimit) {
                fail("no end after " + stepLimit + " steps");
            }
            goOn(kind);
        }
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        if (!active) {
            throw new IllegalStateException(cpu + " is blocked on " + what.describe() + " and nobody else runs");
        }
        // A CPU may be serviced by another CPU's thread: who blocks is who has the baton.
        Actor self = actors[current];
        self.block(what);
        goOn(Step.OTHER);
        self.block(null);
    }

    private void goOn(Step kind) {
        int self = current;
        int next = stopped ? Scheduler.NOBODY : choose(kind);
        if (next == Scheduler.NOBODY) {
            throw new Stopped();
        }
        if (next != self) {
            current = next;
            actors[next].giveTurn();
            actors[self].awaitTurn();
            if (stopped) {
                throw new Stopped();
            }
        }
    }

    /** The scheduler's choice, recorded; nobody if all have ended, or if none can go on, which is a failure. */
    private int choose(Step kind) {
        long runnable = 0;
        for (int i = 0; i < actors.length; i++) {
            if (actors[i].canGoOn()) {
                runnable |= 1L << i;
            }
        }
        if (runnable == 0) {
            if (anyNotEnded() != Scheduler.NOBODY) {
                fail(deadlock());
            }
            return Scheduler.NOBODY;
        }
        int next = scheduler.pick(current, runnable, kind);
        recorder.add(next, 1);
        return next;
    }

    private String deadlock() {
        StringBuilder sentence = new StringBuilder("deadlock");
        String separator = ": ";
        for (Actor actor : actors) {
            sentence.append(separator).append(actor.state());
            separator = "; ";
        }
        return sentence.toString();
    }

    /** Unwinds a body after the end of the run. */
    private static final class Stopped extends Error {
        @Serial
        private static final long serialVersionUID = 1L;

        Stopped() {
            super("the run is over", null, false, false);
        }
    }
}
