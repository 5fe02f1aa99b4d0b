package dev.cowtable.suite.explore;

import dev.cowtable.mmu.exec.Step;

/**
 * Makes the choices of a schedule again.
 *
 * <p>Where the schedule names a CPU that can not go on, the rest of that entry is passed over; after its end the
 * current CPU goes on, or the lowest one that can. So an edited schedule is still a schedule, and the executor's
 * record says what was really run.
 */
final class ReplayScheduler implements Scheduler {
    private final Schedule schedule;
    private int entry;
    private long taken;

    ReplayScheduler(Schedule schedule) {
        this.schedule = schedule;
    }

    @Override
    public int pick(int current, long runnableMask, Step next) {
        while (entry < schedule.entries()) {
            int cpu = schedule.cpu(entry);
            if (taken < schedule.count(entry) && isIn(runnableMask, cpu)) {
                taken++;
                return cpu;
            }
            entry++;
            taken = 0;
        }
        return isIn(runnableMask, current) ? current : Long.numberOfTrailingZeros(runnableMask);
    }

    private static boolean isIn(long mask, int cpu) {
        return cpu >= 0 && cpu < Long.SIZE && (mask >>> cpu & 1) != 0;
    }
}
