package dev.cowtable.mmu.mem;

import dev.cowtable.mmu.addr.Paging;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The arrays of the frames that have one: a directory of chunks of frames, made on demand and never dropped. */
final class FrameArrays {
    static final int FRAME_WORDS = 512;

    /** Physical-address bits below those that select a chunk. */
    static final int CHUNK_SHIFT = 22;

    static final int CHUNK_FRAMES = 1 << (CHUNK_SHIFT - Paging.PAGE_SHIFT);
    private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][][].class);
    private static final VarHandle FRAME = MethodHandles.arrayElementVarHandle(long[][].class);

    private final long[] @Nullable [] @Nullable [] chunks;

    FrameArrays(long sizeBytes) {
        this.chunks = new long[chunks(sizeBytes)][][];
    }

    static int chunks(long sizeBytes) {
        return (int) (((sizeBytes - 1) >>> CHUNK_SHIFT) + 1);
    }

    /**
     * The frame's array, or null, as for a frame that does not exist.
     *
     * <p>Why: this is the walker's path, and plain loads with one fence behind them are acquire loads for a third of the instructions. A
     * chunk needs no fence of its own: it holds nothing but nulls when it is published.
     */
    long @Nullable [] find(long paddr) {
        long[] @Nullable [] @Nullable [] directory = chunks;
        int index = (int) (paddr >>> CHUNK_SHIFT);
        if (index < 0 || index >= directory.length) {
            return null;
        }
        long @Nullable [] @Nullable [] chunk = directory[index];
        if (chunk == null) {
            return null;
        }
        long @Nullable [] words = chunk[frame(paddr)];
        VarHandle.acquireFence();
        return words;
    }

    /** Gives the frame an array, filled with the word, unless it has one; returns the one that it has then. */
    long[] make(long paddr, long fill, PhysicalMemory owner) {
        long[] made = new long[FRAME_WORDS];
        if (fill != 0) {
            Arrays.fill(made, fill);
        }
        return install(paddr, made, owner);
    }

    /** Gives the frame the contents of an array of another; the caller owns the frame alone. */
    void copy(long paddr, long[] source, PhysicalMemory owner) {
        long[] own = find(paddr);
        if (own == null) {
            install(paddr, source.clone(), owner);
        } else {
            System.arraycopy(source, 0, own, 0, FRAME_WORDS);
        }
    }

    private long[] install(long paddr, long[] made, PhysicalMemory owner) {
        long[] witness =
                (long[]) FRAME.compareAndExchange(chunkOrMake(paddr), frame(paddr), (long[]) null, made);
        if (witness != null) {
            return witness;
        }
        owner.countBacked(1);
        return made;
    }

    /** Takes the frame's array away; true if it had one. */
    boolean drop(long paddr) {
        boolean had = find(paddr) != null;
        if (had) {
            FRAME.setRelease(chunkOrMake(paddr), frame(paddr), (long[]) null);
        }
        return had;
    }

    private long[] @Nullable [] chunkOrMake(long paddr) {
        int index = (int) (paddr >>> CHUNK_SHIFT);
        long[][] chunk = (long[][]) CHUNK.getAcquire(chunks, index);
        if (chunk != null) {
            return chunk;
        }
        long[][] made = new long[CHUNK_FRAMES][];
        long[][] witness = (long[][]) CHUNK.compareAndExchange(chunks, index, (long[][]) null, made);
        return witness != null ? witness : made;
    }

    /** Index of the frame within its chunk. */
    static int frame(long paddr) {
        return (int) (paddr >>> Paging.PAGE_SHIFT) & (CHUNK_FRAMES - 1);
    }
}
