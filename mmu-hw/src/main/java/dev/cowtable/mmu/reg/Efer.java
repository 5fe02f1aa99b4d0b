package dev.cowtable.mmu.reg;

/** Bits of IA32_EFER that concern paging (SDM volume 3, 2.2.1). */
public final class Efer {
    public static final long LME = 1L << 8;
    public static final long LMA = 1L << 10;
    /** Bit 63 of an entry forbids fetches; without NXE it is reserved. */
    public static final long NXE = 1L << 11;

    private Efer() {
    }
}
