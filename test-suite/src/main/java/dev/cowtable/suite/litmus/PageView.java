package dev.cowtable.suite.litmus;

/**
 * What one process maps at one page, in the words of an observation.
 *
 * <p>Use the factories; fields without meaning for a kind are 0.
 *
 * @param number frame number of {@code PRESENT}, slot number of {@code SWAP}
 * @param mapcount {@code mc=}
 * @param sole {@code x=}, bit 56 of pagemap
 * @param file bit 61 of pagemap
 * @param wp bit 57 of pagemap
 * @param flags bits of {@link Flag}
 */
public record PageView(Kind kind, long number, int mapcount, boolean sole, boolean file, boolean wp, int flags) {

    /** Forms of an observation line. */
    public enum Kind { NONE, NOVMA, PRESENT, ZERO, SWAP, GUARD, MARKER }

    /** The flags of {@code k=}, in printed order. */
    public enum Flag {
        ANON, SWAPCACHE, KSM, THP, ZERO_PAGE, MMAP, SWAPBACKED, MLOCKED,
        /** The real PageAnonExclusive. */
        AE;

        private final int bit = 1 << ordinal();

        /** The flag's bit in {@link PageView#flags()}. */
        public int bit() {
            return bit;
        }
    }

    private static final PageView NONE = bare(Kind.NONE, false);
    private static final PageView NOVMA = bare(Kind.NOVMA, false);
    private static final PageView GUARD = bare(Kind.GUARD, false);
    private static final PageView MARKER = bare(Kind.MARKER, true);

    /** An empty entry in a VMA. */
    public static PageView none() {
        return NONE;
    }

    /** A page outside all VMAs. */
    public static PageView novma() {
        return NOVMA;
    }

    public static PageView guard() {
        return GUARD;
    }

    /** The uffd-wp marker. */
    public static PageView marker() {
        return MARKER;
    }

    public static PageView present(long frame, int mapcount, boolean sole, boolean file, boolean wp, int flags) {
        return new PageView(Kind.PRESENT, frame, mapcount, sole, file, wp, flags);
    }

    /** The zero page, or a page of the huge zero page ({@code file} and THP). */
    public static PageView zero(boolean file, boolean wp, int flags) {
        return new PageView(Kind.ZERO, 0, 0, false, file, wp, flags);
    }

    public static PageView swap(long slot, boolean wp) {
        return new PageView(Kind.SWAP, slot, 0, false, false, wp, 0);
    }

    private static PageView bare(Kind kind, boolean wp) {
        return new PageView(kind, 0, 0, false, false, wp, 0);
    }

    /** Whether both print alike apart from the number. */
    boolean sameButNumber(PageView other) {
        return kind == other.kind && flags == other.flags && mapcount == other.mapcount && sole == other.sole
                && file == other.file && wp == other.wp;
    }
}
