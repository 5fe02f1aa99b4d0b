package dev.cowtable.mm.lru;

/**
 * Folios that wait to be moved between lists, each with a reference of the batch's.
 *
 * <p>Mirrors: struct folio_batch.
 * <p>Locks: the {@link LocalLock} of the CPU that it belongs to.
 */
final class FolioBatch {
    /** PAGEVEC_SIZE. */
    static final int SIZE = 31;

    private final long[] folios = new long[SIZE];
    private int count;

    /** Adds a folio; false if the batch is full now and must be emptied. */
    boolean add(long folio) {
        folios[count++] = folio;
        return count < SIZE;
    }

    int count() {
        return count;
    }

    long folio(int i) {
        return folios[i];
    }

    boolean contains(long folio) {
        for (int i = count - 1; i >= 0; i--) {
            if (folios[i] == folio) {
                return true;
            }
        }
        return false;
    }

    void reinit() {
        count = 0;
    }
}
