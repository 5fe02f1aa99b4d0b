package dev.cowtable.suite.explore;

import dev.cowtable.mmu.exec.Step;

/** Chooses which CPU goes on at each scheduling point. */
public interface Scheduler {
    /** In place of a CPU before the first choice. */
    int NOBODY = -1;

    /**
     * Chooses one CPU of those that can go on.
     *
     * @param current the CPU chosen last, runnable or not, or {@link #NOBODY}
     * @param runnableMask the CPUs that can go on, at least one
     * @param next what the current CPU is about to do; OTHER if it is blocked or has ended
     */
    int pick(int current, long runnableMask, Step next);
}
