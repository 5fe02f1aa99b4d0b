package dev.cowtable.suite.property;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Where the areas of a random program lie: several small ones in one 2 MiB, one across a 2 MiB border, one that covers whole
 * tables, one by itself.
 *
 * <p>Why: what goes wrong with shared tables goes wrong where several VMAs share one, or where one goes as a whole.
 */
final class AreaPlan {
    private static final long BLOCK_VADDR = 0x2_0000_0000L;
    private static final long TABLE_BYTES = 2L << 20;
    private static final int SMALL_PAGES = 8;
    private static final int SMALL_AREAS = 4;
    private static final int[] BIG_PAGES = {512, 514, 600, 1026};
    private static final int BIG_PERCENT = 15;
    /** Places above the small areas in their 2 MiB; the last one reaches its end. */
    static final int SPARES = 4;
    /** Pages that a spare place has room for. */
    static final int SPARE_PAGES = 16;

    /**
     * One area.
     *
     * @param at the {@code at=} word with a blank before it, or nothing
     */
    record Planned(String name, int pages, String at) {
        boolean isBig() {
            return pages > SMALL_PAGES * 2;
        }
    }

    private final Random random;

    AreaPlan(Random random) {
        this.random = random;
    }

    /** One to six areas, in the order in which they are to be mapped. */
    List<Planned> draw() {
        List<Planned> areas = new ArrayList<>();
        int small = 1 + random.nextInt(SMALL_AREAS);
        for (int i = 0; i < small; i++) {
            // Full areas touch each other, so that VMAs merge.
            int pages = random.nextInt(3) == 0 ? SMALL_PAGES : 1 + random.nextInt(SMALL_PAGES);
            areas.add(at(areas, pages, BLOCK_VADDR + (long) i * SMALL_PAGES * 4096));
        }
        if (random.nextInt(4) == 0) {
            areas.add(
                    at(areas, 2 + random.nextInt(6), BLOCK_VADDR + 2 * TABLE_BYTES - (1 + random.nextInt(4)) * 4096L));
        }
        if (random.nextInt(100) < BIG_PERCENT) {
            int pages = BIG_PAGES[random.nextInt(BIG_PAGES.length)];
            areas.add(at(areas, pages, BLOCK_VADDR + 4 * TABLE_BYTES - random.nextInt(2) * 4096L));
        }
        if (random.nextInt(3) == 0) {
            areas.add(new Planned(name(areas), 1 + random.nextInt(12), ""));
        }
        return areas;
    }

    private static Planned at(List<Planned> others, int pages, long vaddr) {
        return new Planned(name(others), pages, " at=0x" + Long.toHexString(vaddr));
    }

    /** The {@code at=} word of a spare place. */
    static String spare(int number) {
        return " at=0x" + Long.toHexString(BLOCK_VADDR + TABLE_BYTES - (SPARES - number) * SPARE_PAGES * 4096L);
    }

    private static String name(List<Planned> others) {
        return String.valueOf((char) ('A' + others.size()));
    }
}
