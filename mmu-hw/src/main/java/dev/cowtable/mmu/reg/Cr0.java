package dev.cowtable.mmu.reg;

/** Bits of CR0 that concern paging (SDM volume 3, 2.5). */
public final class Cr0 {
    public static final long PE = 1L;
    /** Supervisor writes respect R/W. */
    public static final long WP = 1L << 16;
    public static final long PG = 1L << 31;

    private Cr0() {
    }
}
