package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;

/**
 * Which bits of a present entry must be 0, by level and bit 7 (SDM volume 3, tables 4-15 to 4-20).
 *
 * <pre>
 *  level          bit 7 clear   bit 7 set
 *  5, 4 PML5E/4E  8 on AMD      7, 8 on AMD
 *  3 PDPTE        -             13..29 (1 GiB leaf), or 7 on a CPU without 1 GiB pages
 *  2 PDE          -             13..20 (2 MiB leaf)
 *  1 PTE          -             -      (bit 7 is PAT)
 *  all            51..MAXPHYADDR; 63 while EFER.NXE = 0
 * </pre>
 */
final class ReservedBits {
    private static final int PS_BIT = 7;

    private final CpuModel model;
    /** Index: 2 * level + bit 7. */
    private final long[] masks = new long[16];

    ReservedBits(CpuModel model) {
        this.model = model;
        setExecuteDisable(true);
    }

    void setExecuteDisable(boolean enabled) {
        for (int level = 1; level <= Paging.MAX_LEVEL; level++) {
            long always = (enabled ? 0 : Entry.XD) | highAddress() | vendors(level);
            masks[2 * level] = always;
            masks[2 * level + 1] = always | withPageSize(level);
        }
    }

    private long highAddress() {
        return Entry.ADDRESS_MASK & (-1L << model.maxPhyAddr());
    }

    private long vendors(int level) {
        return level > 3 && model.vendor() == Vendor.AMD ? Entry.G : 0;
    }

    private long withPageSize(int level) {
        if (level == 1) {
            return 0;
        }
        if (level == 2 || (level == 3 && model.gigabytePages())) {
            return (Paging.sizeBytes(level) - 1) & Entry.ADDRESS_MASK & ~Entry.LARGE_PAT;
        }
        return Entry.PS;
    }

    /** Reserved in every PTE. */
    long ofPage() {
        return masks[2] | masks[3];
    }

    /** Reserved in some entry that points to a table, from the level down. */
    long ofTable(int topLevel) {
        long bits = 0;
        for (int level = 2; level <= topLevel; level++) {
            bits |= masks[2 * level];
        }
        return bits;
    }

    boolean anySet(long entry, int level) {
        return (entry & masks[(2 * level + ((int) (entry >>> PS_BIT) & 1)) & (masks.length - 1)]) != 0;
    }
}
