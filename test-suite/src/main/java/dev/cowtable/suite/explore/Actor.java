package dev.cowtable.suite.explore;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Waitable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One CPU's body on a thread of its own, which runs only while it has the turn. */
final class Actor {
    private final Cpu cpu;
    private final Thread thread;
    private volatile boolean turn;
    // Touched only by who has the turn:
    private @Nullable Waitable blockedOn;
    private boolean ended;

    Actor(Cpu cpu, Runnable main) {
        this.cpu = cpu;
        this.thread = Thread.ofVirtual().name("CPU " + cpu.id()).unstarted(main);
    }

    Cpu cpu() {
        return cpu;
    }

    void start() {
        thread.start();
    }

    void giveTurn() {
        turn = true;
        LockSupport.unpark(thread);
    }

    void awaitTurn() {
        while (!turn) {
            LockSupport.park(this);
        }
        turn = false;
    }

    void block(@Nullable Waitable what) {
        blockedOn = what;
    }

    void end() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }

    boolean canGoOn() {
        Waitable what = blockedOn;
        boolean waits = what != null && !what.isReady();
        return !ended && (!waits || cpu.canDeliver());
    }

    /** Why it can not go on, for the report of a deadlock. */
    String state() {
        Waitable what = blockedOn;
        return cpu + (ended ? " has ended" : what == null ? " can go on" : " is blocked on " + what.describe());
    }
}
