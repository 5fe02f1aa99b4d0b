package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;

/**
 * Which entry a faulting walk met last: the CPU tells the kind of the fault, the entries tell where that kind can be.
 *
 * <p>It decides no outcome, only which entries of a vector are listed.
 */
final class WalkEnd {
    private static final long PRESENT = 1;
    private static final long PAGE_SIZE = 1L << 7;
    private static final long GLOBAL = 1L << 8;
    private static final long NO_EXECUTE = 1L << 63;

    private final CpuModel model;

    WalkEnd(CpuModel model) {
        this.model = model;
    }

    /** The level of the last entry met, of a walk that ended in a page fault with the error code. */
    int lowestLevel(long[] entries, boolean nxe, int errorCode) {
        for (int level = GuestLayout.LEVELS; level > 1; level--) {
            long entry = entries[level];
            if ((entry & PRESENT) == 0 || isLarge(entry, level)
                    || (errorCode & Fault.RESERVED) != 0 && (entry & reserved(level, nxe)) != 0) {
                return level;
            }
        }
        return 1;
    }

    private static boolean isLarge(long entry, int level) {
        return (entry & PAGE_SIZE) != 0 && level < GuestLayout.LEVELS;
    }

    private long reserved(int level, boolean nxe) {
        long high = (1L << 52) - (1L << model.maxPhyAddr());
        long top = level == GuestLayout.LEVELS ? PAGE_SIZE | (model.vendor() == Vendor.AMD ? GLOBAL : 0) : 0;
        return high | top | (nxe ? 0 : NO_EXECUTE);
    }
}
