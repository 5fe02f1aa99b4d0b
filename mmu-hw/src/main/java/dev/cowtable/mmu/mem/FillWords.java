package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The word that fills each frame without an array, 0 at first: a directory cut as that of {@link FrameArrays}.
 *
 * <p>Invariant: the word of a frame changes only while its owner owns it alone, so a reader that finds no array may take it
 * as the contents.
 */
final class FillWords {
    private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] @Nullable [] chunks;

    FillWords(long sizeBytes) {
        this.chunks = new long[FrameArrays.chunks(sizeBytes)][];
    }

    long get(long paddr) {
        long[] chunk = (long[]) CHUNK.getAcquire(chunks, (int) (paddr >>> FrameArrays.CHUNK_SHIFT));
        return chunk == null ? 0 : (long) WORD.getAcquire(chunk, FrameArrays.frame(paddr));
    }

    void set(long paddr, long word) {
        int index = (int) (paddr >>> FrameArrays.CHUNK_SHIFT);
        long[] chunk = (long[]) CHUNK.getAcquire(chunks, index);
        if (chunk == null) {
            if (word == 0) {
                return;
            }
            long[] made = new long[FrameArrays.CHUNK_FRAMES];
            long[] witness = (long[]) CHUNK.compareAndExchange(chunks, index, (long[]) null, made);
            chunk = witness != null ? witness : made;
        }
        WORD.setRelease(chunk, FrameArrays.frame(paddr), word);
    }
}
