package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads words of frames whose arrays it remembers, each in a slot of the caller's choice.
 *
 * <p>Invariant: a slot holds the array of the frame that it was given last, or none; nothing is read once any frame has lost its array.
 *
 * <p>Why: the way through the directories of {@link PhysicalMemory} is several loads, each of which waits for the one before.
 */
public final class FrameReader {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int WORD_MASK = FrameArrays.FRAME_WORDS - 1;

    private final PhysicalMemory memory;
    private final int slots;
    /** Empty until a frame is read. */
    private long[] @Nullable [] arrays = new long[0][];
    private long drops;

    public FrameReader(PhysicalMemory memory, int slots) {
        this.memory = memory;
        this.slots = slots;
    }

    /** Reads the word at the address into {@code out1[0]} and gives the slot its frame; false if that has no array. */
    public boolean readFirst(int slot, long paddr, long[] out1) {
        long now = memory.drops();
        long[] words = memory.arrayOrNull(paddr);
        if (words == null) {
            out1[0] = memory.read(paddr);
            return false;
        }
        if (now != drops || arrays.length == 0) {
            forgetAll(now);
        }
        arrays[slot] = words;
        out1[0] = (long) WORD.getAcquire(words, (int) (paddr >>> 3) & WORD_MASK);
        return true;
    }

    private void forgetAll(long now) {
        drops = now;
        if (arrays.length == 0) {
            arrays = new long[slots][];
        } else {
            Arrays.fill(arrays, null);
        }
    }

    /** Reads a word of the frame that the slot was given last into {@code out1[0]}; false if its array is not known any more. */
    public boolean readAgain(int slot, int offset, long[] out1) {
        long[] words = arrays[slot];
        if (words == null || memory.drops() != drops) {
            return false;
        }
        out1[0] = (long) WORD.getAcquire(words, (offset >>> 3) & WORD_MASK);
        return true;
    }
}
