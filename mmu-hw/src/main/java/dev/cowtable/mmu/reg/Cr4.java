package dev.cowtable.mmu.reg;

/** Bits of CR4 that concern paging (SDM volume 3, 2.5). */
public final class Cr4 {
    public static final long PAE = 1L << 5;
    /** Leaf entries with G make translations that every PCID may use. */
    public static final long PGE = 1L << 7;
    public static final long LA57 = 1L << 12;
    public static final long PCIDE = 1L << 17;
    /** No supervisor fetch from user pages. */
    public static final long SMEP = 1L << 20;
    /** No supervisor data access to user pages unless EFLAGS.AC is set. */
    public static final long SMAP = 1L << 21;
    /** PKRU protects user pages. */
    public static final long PKE = 1L << 22;
    /** IA32_PKRS protects supervisor pages. */
    public static final long PKS = 1L << 24;

    private Cr4() {
    }
}
