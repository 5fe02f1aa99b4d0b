package dev.cowtable.mm.pgtable;

import dev.cowtable.mmu.entry.Entry;

/**
 * A last-level entry as the kernel sees it: static helpers over a raw {@code long}, none of which touches memory.
 *
 * <pre>
 * present:     | XD | pkey | ignored | frame number | SD UW SPECIAL | G=PROTNONE | PAT D A PCD PWT U/S R/W P |
 *               63   62-59  58-52     51-12          11 10    9       8            7   6 5  4   3   2   1   0
 * not present: see {@link SwpEntry}
 * </pre>
 *
 * <p>Mirrors: pte_t and its helpers (arch/x86/include/asm/pgtable.h, pgtable_types.h).
 * <p>Differs: the frame number of a PROT_NONE entry is not inverted.
 */
public final class Pte {
    public static final long PROTNONE = Entry.G;
    public static final long SPECIAL = 1L << 9;
    public static final long UFFD_WP = 1L << 10;
    /** Written since the bit was cleared; used only by a kernel that tracks it. */
    public static final long SOFT_DIRTY = 1L << 11;
    public static final long NONE = 0;

    /** What pte_modify() keeps of the old entry. */
    private static final long CHG_MASK =
            Entry.ADDRESS_MASK | Entry.A | Entry.D | Entry.PCD | Entry.PWT | SPECIAL | UFFD_WP
                    | SOFT_DIRTY;

    private Pte() {
    }

    public static boolean isNone(long pte) {
        return pte == NONE;
    }

    /** True for entries that name a page, those of a PROT_NONE mapping included. */
    public static boolean isPresent(long pte) {
        return (pte & (Entry.P | PROTNONE)) != 0;
    }

    public static boolean isWritable(long pte) {
        return (pte & Entry.RW) != 0;
    }

    public static boolean isDirty(long pte) {
        return (pte & Entry.D) != 0;
    }

    public static boolean isSpecial(long pte) {
        return (pte & SPECIAL) != 0;
    }

    /** True for a present entry that the hardware does not see: pte_protnone(). */
    public static boolean isProtnone(long pte) {
        return (pte & (Entry.P | PROTNONE)) == PROTNONE;
    }

    public static long pfn(long pte) {
        return Entry.pfn(pte);
    }

    /** Mirrors: mk_pte(). */
    public static long make(long pfn, long pageProt) {
        return pfn << 12 | pageProt;
    }

    public static long wrprotect(long pte) {
        return pte & ~Entry.RW;
    }

    public static long mkwrite(long pte) {
        return pte | Entry.RW;
    }

    public static long mkdirty(long pte) {
        return pte | Entry.D;
    }

    public static long mkyoung(long pte) {
        return pte | Entry.A;
    }

    public static long mkold(long pte) {
        return pte & ~Entry.A;
    }

    public static long mkspecial(long pte) {
        return pte | SPECIAL;
    }

    /** Gives the entry the rights of {@code pageProt}, keeping frame, A, D and the software bits. */
    public static long modify(long pte, long pageProt) {
        return pte & CHG_MASK | pageProt & ~CHG_MASK;
    }

    /** True if two entries differ in nothing but what hardware may set by itself. */
    public static boolean same(long a, long b) {
        return ((a ^ b) & ~(Entry.A | Entry.D)) == 0;
    }
}
