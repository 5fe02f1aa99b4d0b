package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Reads words of tables, one table at each level at a time, and remembers where it found the last one of each level.
 *
 * <p>Why: successive walks share most of their tables. Where the last table is the wanted one, its array is known before the entry above
 * has been read, so the reads of a walk need not wait for each other.
 */
public final class TableReader {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int LEVELS = 8;

    private final FrameReader frames;
    private final long[] tables = new long[LEVELS];

    public TableReader(PhysicalMemory memory) {
        frames = memory.reader(LEVELS);
    }

    /** Word {@code index} of the table; 0 if its frame has no array or does not exist. */
    public long read(int level, long tablePaddr, int index) {
        int slot = level & (LEVELS - 1);
        long[] words = tables[slot] == tablePaddr ? frames.words(slot) : null;
        return words == null ? readFirst(slot, tablePaddr, index) : (long) WORD.getAcquire(words, index);
    }

    private long readFirst(int slot, long tablePaddr, int index) {
        tables[slot] = tablePaddr;
        long[] words = frames.remember(slot, tablePaddr);
        return words == null ? 0 : (long) WORD.getAcquire(words, index);
    }
}
