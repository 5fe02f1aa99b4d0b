package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Reads words of tables, one table at each level at a time, and remembers where it found the last one of each level.
 *
 * <p>A run of reads that {@link #begin} starts counts only if {@link #isValid} holds after it: a frame may have been filled anew in
 * between.
 *
 * <p>Why: successive walks share most of their tables. Where the last table is the wanted one, its array is known before the entry above
 * has been read, so the reads of a walk need not wait for each other.
 */
public final class TableReader {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int LEVELS = 8;
    private static final long NONE = -1;

    private final PhysicalMemory memory;
    private final long[] tables = new long[LEVELS];
    private final long[] @Nullable [] arrays = new long[LEVELS][];
    private long drops = NONE;

    public TableReader(PhysicalMemory memory) {
        this.memory = memory;
    }

    public void begin() {
        if (memory.drops() != drops) {
            forget();
        }
    }

    private void forget() {
        drops = memory.drops();
        for (int level = 0; level < LEVELS; level++) {
            tables[level] = NONE;
        }
    }

    /** Word {@code index} of the table; 0 if its frame has no array or does not exist. */
    public long read(int level, long tablePaddr, int index) {
        long[] words = arrays[level & (LEVELS - 1)];
        if (tables[level & (LEVELS - 1)] != tablePaddr || words == null) {
            return readOther(level & (LEVELS - 1), tablePaddr, index);
        }
        return (long) WORD.getAcquire(words, index);
    }

    private long readOther(int level, long tablePaddr, int index) {
        long[] words = memory.find(tablePaddr);
        if (words == null) {
            return 0;
        }
        tables[level] = tablePaddr;
        arrays[level] = words;
        return (long) WORD.getAcquire(words, index);
    }

    public boolean isValid() {
        return memory.drops() == drops;
    }
}
