package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.addr.Paging;
import java.util.Arrays;

/**
 * Where in physical memory the tables and pages of each request lie.
 *
 * <p>Eight regions of 1 GiB, in each one a few 2 MiB chunks for the kinds of use; addresses are bit patterns, so that
 * each address bit up to the RAM's end is seen set and clear. A request uses other regions for each of its tables.
 */
final class PhysicalPlan {
    static final int REGIONS = 8;
    static final int SLOTS = GuestLayout.BANKS * GuestLayout.BANK_RECORDS;
    private static final int GIGABYTE_SHIFT = 30;
    private static final int CHUNK_SHIFT = 21;
    private static final int CHUNK_PAGES = 512;
    private static final int[] GIGABYTES = {0x55, 0xaa, 0x33, 0xcc, 0x0f, 0xf0, 0xff, 0x00};
    private static final int[] CHUNKS = {0x155, 0x0a0, 0x130, 0x0c0, 0x10f, 0x0f0, 0x1c0, 0x070};
    /** Kinds of chunk: large-page data of bank 0 and bank 1, code, pages of 4 KiB leaves, tables from level 1 on. */
    private static final int CODE = 2;
    private static final int SMALL_PAGES = 3;
    private static final int TABLES = 8;
    /** Odd, so that multiplying by it modulo the pages of a chunk mixes their bits and keeps them apart. */
    private static final int SPREAD = 37;
    private static final int HIGHEST_RAM_SHIFT = 38;

    private final int gigabyteMask;
    private final long[][] takenPages = new long[GuestLayout.BANKS * REGIONS][CHUNK_PAGES / Long.SIZE];

    PhysicalPlan(int maxPhyAddr) {
        gigabyteMask = (1 << ramShift(maxPhyAddr) - GIGABYTE_SHIFT) - 1;
    }

    /** Of the guest; half of what the CPU can address or 256 GiB. */
    static long ramBytes(int maxPhyAddr) {
        return 1L << ramShift(maxPhyAddr);
    }

    private static int ramShift(int maxPhyAddr) {
        return Math.min(maxPhyAddr - 1, HIGHEST_RAM_SHIFT);
    }

    static int bank(int slot) {
        return slot / GuestLayout.BANK_RECORDS;
    }

    long tablePaddr(int slot, int level) {
        return slotPage(slot, slot + 3 * level, TABLES + level);
    }

    /** The page of the slot's 4 KiB leaf; pages of code are shared by slots, those of data are not. */
    long smallPagePaddr(int slot, boolean code) {
        return slotPage(slot, slot, code ? CODE : SMALL_PAGES);
    }

    int region(int slot) {
        return slot % REGIONS;
    }

    /** The 2 MiB in a region that large leaves of the bank map, for fetches or for data. */
    long largeChunkPaddr(int region, int bank, boolean code) {
        return chunkPaddr(region, code ? CODE : bank);
    }

    /** From the wish on, the first page in the region's data chunk that no other request of the bank has. */
    int takePage(int bank, int region, int wishedPage) {
        long[] taken = takenPages[bank * REGIONS + region];
        for (int i = 0; i < CHUNK_PAGES; i++) {
            int page = (wishedPage + i) % CHUNK_PAGES;
            long bit = 1L << page;
            if ((taken[page / Long.SIZE] & bit) == 0) {
                taken[page / Long.SIZE] |= bit;
                return page;
            }
        }
        throw new IllegalStateException("no page left in region " + region);
    }

    void releasePages(int bank) {
        for (int region = 0; region < REGIONS; region++) {
            Arrays.fill(takenPages[bank * REGIONS + region], 0);
        }
    }

    private long slotPage(int slot, int regionSeed, int kind) {
        int page = slot / REGIONS * SPREAD % CHUNK_PAGES;
        return chunkPaddr(regionSeed % REGIONS, kind) | (long) page << Paging.PAGE_SHIFT;
    }

    private long chunkPaddr(int region, int kind) {
        long gigabyte = GIGABYTES[region] & gigabyteMask;
        return gigabyte << GIGABYTE_SHIFT | (long) (CHUNKS[region] ^ kind) << CHUNK_SHIFT;
    }
}
