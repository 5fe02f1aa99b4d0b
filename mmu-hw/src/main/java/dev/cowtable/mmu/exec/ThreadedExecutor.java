package dev.cowtable.mmu.exec;

import dev.cowtable.mmu.cpu.Cpu;
import java.util.concurrent.locks.LockSupport;

/** Each CPU is driven by a real thread; a blocked one spins, then yields, then parks for a moment. */
public final class ThreadedExecutor implements Executor {
    private static final int SPINS = 64;
    private static final int YIELDS = 32;
    private static final long PARK_NANOS = 50_000;

    public ThreadedExecutor() {
    }

    @Override
    public boolean observesSteps() {
        return false;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck")
    public void blockedOn(Cpu cpu, Waitable what) {
        for (int i = 0; i < SPINS; i++) {
            if (canGoOn(cpu, what)) {
                return;
            }
            Thread.onSpinWait();
        }
        for (int i = 0; i < YIELDS; i++) {
            if (canGoOn(cpu, what)) {
                return;
            }
            Thread.yield();
        }
        LockSupport.parkNanos(PARK_NANOS);
    }

    private static boolean canGoOn(Cpu cpu, Waitable what) {
        return what.isReady() || cpu.canDeliver();
    }
}
