package dev.cowtable.mmu.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads words of frames whose arrays it remembers, each in a slot of the caller's choice.
 *
 * <p>Invariant: a slot holds the array of the frame that it was given last, or none; all slots are forgotten when any frame loses its array.
 *
 * <p>Locks: read by one thread at a time; {@link #forget} by any.
 * <p>Why: the way through the directories of {@link PhysicalMemory} is several loads, each of which waits for the one before. Who drops an
 * array takes the slots away, so that a read need not ask whether that has happened.
 */
public final class FrameReader {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle KNOWN = known();
    private static final int WORD_MASK = FrameArrays.FRAME_WORDS - 1;
    private static final long[] @Nullable [] NONE = new long[0][];

    private final PhysicalMemory memory;
    private final int count;
    /** Empty until a frame is read. */
    private long[] @Nullable [] slots = NONE;
    /** The slots, or {@link #NONE} if they hold arrays that may be nobody's now. */
    private long[] @Nullable [] known = NONE;

    FrameReader(PhysicalMemory memory, int slots) {
        this.memory = memory;
        this.count = slots;
    }

    /** To be called after a frame has lost its array. */
    void forget() {
        KNOWN.setRelease(this, NONE);
    }

    /** Reads the word at the address into {@code out1[0]} and gives the slot its frame; false if that has no array. */
    public boolean readFirst(int slot, long paddr, long[] out1) {
        long[] words = remember(slot, paddr);
        if (words == null) {
            out1[0] = memory.read(paddr);
            return false;
        }
        out1[0] = (long) WORD.getAcquire(words, word(paddr));
        return true;
    }

    /** Reads a word of the frame that the slot was given last into {@code out1[0]}; false if its array is not known any more. */
    public boolean readAgain(int slot, long offset, long[] out1) {
        long[] words = words(slot);
        if (words == null) {
            return false;
        }
        out1[0] = (long) WORD.getAcquire(words, word(offset));
        return true;
    }

    /** The array of the frame that the slot was given last, or null. */
    long @Nullable [] words(int slot) {
        long[] @Nullable [] arrays = known;
        return slot < arrays.length ? arrays[slot] : null;
    }

    /** Gives the slot a frame; its array, or null if it has none or does not exist. */
    long @Nullable [] remember(int slot, long paddr) {
        if (known.length == 0) {
            giveSlots();
        }
        long[] words = memory.find(paddr);
        slots[slot] = words;
        return words;
    }

    /** Why the fence: either this thread sees that an array is gone, or whoever drops it takes these slots away afterwards. */
    private void giveSlots() {
        if (slots.length == 0) {
            slots = new long[count][];
        } else {
            Arrays.fill(slots, null);
        }
        known = slots;
        VarHandle.fullFence();
    }

    private static int word(long paddr) {
        return (int) (paddr >>> 3) & WORD_MASK;
    }

    private static VarHandle known() {
        try {
            return MethodHandles.lookup().findVarHandle(FrameReader.class, "known", long[][].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
