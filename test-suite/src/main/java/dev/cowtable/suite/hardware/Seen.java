package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.tlb.TlbPolicy;

/** Under which TLB policies an outcome has to be seen for the test to pass. */
public enum Seen {
    ALWAYS,
    /** Only a stale entry can cause it. */
    WHERE_CACHED,
    /** Only a cache that goes to the limit of what the manual allows causes it. */
    ADVERSARIAL,
    PERHAPS;

    boolean isRequiredUnder(TlbPolicy policy) {
        return switch (this) {
            case ALWAYS -> true;
            case WHERE_CACHED -> policy != TlbPolicy.NONE;
            case ADVERSARIAL -> policy == TlbPolicy.ADVERSARIAL;
            case PERHAPS -> false;
        };
    }
}
