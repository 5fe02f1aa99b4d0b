package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;

/**
 * Which bits of a present entry must be 0, by level and bit 7.
 *
 * <pre>
 *  level       bit 7 clear   bit 7 set
 *  4 PML4E     -             7
 *  3 PDPTE     -             13..29 (1 GiB leaf), or 7 on a CPU without 1 GiB pages
 *  2 PDE       -             13..20 (2 MiB leaf)
 *  1 PTE       -             -      (bit 7 is PAT)
 *  all         63 while EFER.NXE = 0
 * </pre>
 */
final class ReservedBits {
    private static final int PS_BIT = 7;

    private final boolean gigabytePages;
    /** Index: 2 * level + bit 7. */
    private final long[] masks = new long[2 * (Paging.TOP_LEVEL + 1)];

    ReservedBits(boolean gigabytePages) {
        this.gigabytePages = gigabytePages;
        setExecuteDisable(true);
    }

    void setExecuteDisable(boolean enabled) {
        for (int level = 1; level <= Paging.TOP_LEVEL; level++) {
            long always = enabled ? 0 : Entry.XD;
            masks[2 * level] = always;
            masks[2 * level + 1] = always | withPageSize(level);
        }
    }

    private long withPageSize(int level) {
        if (level == 1) {
            return 0;
        }
        if (level == 2 || (level == 3 && gigabytePages)) {
            return (Paging.sizeBytes(level) - 1) & Entry.ADDRESS_MASK & ~Entry.LARGE_PAT;
        }
        return Entry.PS;
    }

    boolean anySet(long entry, int level) {
        return (entry & masks[2 * level + ((int) (entry >>> PS_BIT) & 1)]) != 0;
    }
}
