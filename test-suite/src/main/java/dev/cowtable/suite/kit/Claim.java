package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;

/** What a design promises of what can be seen of it. */
public enum Claim {
    /** All is printed as under Linux: counts, marks, fault counts, sizes. */
    EXACT,
    /** Every operation has the result, and every read the bytes, that it has under Linux. */
    BYTES;

    /** What the design's provider says. */
    public static Claim of(Design design) {
        return design.fork().isExact() ? EXACT : BYTES;
    }
}
