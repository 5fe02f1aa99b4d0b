package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Contents of {@value #FRAMES} consecutive frames: one repeated word each, or an array once a second word is stored.
 *
 * <p>Invariant: the fill word of a frame changes only while its owner owns it alone, so a reader that finds no array
 * may take the fill word as the contents.
 */
final class FrameChunk {
    static final int FRAME_SHIFT = 10;
    static final int FRAMES = 1 << FRAME_SHIFT;
    static final int FRAME_WORDS = 512;

    private static final VarHandle FILL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[][].class);

    private final long[] fill = new long[FRAMES];
    private final long[] @Nullable [] words = new long[FRAMES][];

    /** The array of the frame, or null while it is uniform. */
    long @Nullable [] words(int frame) {
        return (long[]) SLOT.getAcquire(words, frame);
    }

    long fill(int frame) {
        return (long) FILL.getAcquire(fill, frame);
    }

    /** The array of the frame, made from the fill word unless somebody else has made one. */
    long[] materialize(int frame, PhysicalMemory owner) {
        long[] made = new long[FRAME_WORDS];
        long word = fill(frame);
        if (word != 0) {
            Arrays.fill(made, word);
        }
        long[] witness = (long[]) SLOT.compareAndExchange(words, frame, (long[]) null, made);
        if (witness != null) {
            return witness;
        }
        owner.countBacked(1);
        return made;
    }

    /** The frame becomes uniform; true if it had an array. */
    boolean setFill(int frame, long word) {
        FILL.setRelease(fill, frame, word);
        boolean hadArray = words(frame) != null;
        if (hadArray) {
            SLOT.setRelease(words, frame, (long[]) null);
        }
        return hadArray;
    }

    /** Copies an array into the frame; true if the frame had none before. */
    boolean setWords(int frame, long[] source) {
        long[] own = words(frame);
        if (own != null) {
            System.arraycopy(source, 0, own, 0, FRAME_WORDS);
            return false;
        }
        SLOT.setRelease(words, frame, source.clone());
        return true;
    }
}
