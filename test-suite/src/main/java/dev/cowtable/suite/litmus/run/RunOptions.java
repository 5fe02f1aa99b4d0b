package dev.cowtable.suite.litmus.run;

import dev.cowtable.mmu.tlb.TlbPolicy;

/**
 * How a scenario is run.
 *
 * @param checkEachOp check all invariants after every operation, not only at the end
 */
public record RunOptions(TlbPolicy tlbPolicy, boolean checkEachOp) {
    /** No TLB, so that fault counts equal the record; checks at the end. */
    public static final RunOptions DEFAULT = new RunOptions(TlbPolicy.NONE, false);
}
