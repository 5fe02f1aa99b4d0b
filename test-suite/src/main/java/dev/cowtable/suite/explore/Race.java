package dev.cowtable.suite.explore;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mmu.tlb.TlbPolicy;

/** A small concurrent scenario: a state, what each CPU does from there, and what must hold in the end. */
public interface Race {
    /** The name under which the command finds it. */
    String name();

    /** What runs against what, in one line. */
    String description();

    int cpus();

    /** Why: by default nothing is evicted, as an entry that stays is what a missing flush needs to be seen. */
    default TlbPolicy tlbPolicy() {
        return TlbPolicy.ADVERSARIAL;
    }

    /** Brings a fresh kernel into the state in which the race begins; the same each time. */
    Round begin(Kernel kernel);
}
