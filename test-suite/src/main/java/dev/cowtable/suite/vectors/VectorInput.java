package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;

/**
 * One access and all that decides its outcome; the text form is described in {@code vectors.md}.
 *
 * @param number of the vector, as printed
 * @param cpl 0 or 3
 * @param sizeBytes 1, 2, 4 or 8; the access lies within one page
 * @param entries what the walk meets before the access; index: level, 1 to 5; 0 is unused, level 5 is 0 under 4-level
 *        paging
 */
@SuppressWarnings("ArrayRecordComponent")
public record VectorInput(long number, int cpl, boolean wp, boolean nxe, boolean smep, boolean smap, boolean ac,
        boolean pke, int pkru, boolean pks, int pkrs, VectorAccess access, int sizeBytes, long va, long[] entries) {
    public static final int LEVELS = 5;

    /** The entry that the walk meets at the level, 0 if the vector does not name it. */
    public long entry(int level) {
        return entries[level];
    }

    /** The level at which the walks of a vector's CPU start. */
    public static int topLevel(CpuModel model) {
        return model.la57() ? LEVELS : LEVELS - 1;
    }

    public VectorInput withEntries(long[] placed) {
        return new VectorInput(number, cpl, wp, nxe, smep, smap, ac, pke, pkru, pks, pkrs, access, sizeBytes, va,
                placed);
    }
}
