package dev.cowtable.gup.linux;

import dev.cowtable.mm.lock.SeqCount;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The decisions of the lockless walk on which its safety rests, one method each.
 *
 * <p>Why: a test plants a bug by overriding one of them, so that each is known to matter.
 */
public class GupSteps {
    /** True if a fork of this mm is at work and a pin must not be tried without locks. */
    protected boolean forkIsRunning(int sequence) {
        return (sequence & 1) != 0;
    }

    /** True if a fork has begun since {@code sequence} was read: the pins taken since may be of pages that it shares. */
    protected boolean forkHasRun(Cpu cpu, SeqCount writeProtectSeq, int sequence) {
        return writeProtectSeq.readRetry(cpu, sequence);
    }

    /** True if an entry is no longer what the walk saw before it took its reference. */
    protected boolean hasChanged(long seen, long now) {
        return seen != now;
    }
}
