package dev.cowtable.mmu.mem;

import dev.cowtable.mmu.addr.Paging;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The 512 words of one frame with its array looked up once: the same operations as {@link PhysicalMemory}, by index.
 *
 * <p>Locks: none; the frame must not be filled or copied over while a view of it is in use.
 * <p>Why: a walk over all entries of a table would look the same array up 512 times.
 */
public final class FrameView {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final PhysicalMemory memory;
    private final long paddr;
    private long @Nullable [] words;

    FrameView(PhysicalMemory memory, long pfn) {
        this.memory = memory;
        this.paddr = Paging.paddr(pfn);
        this.words = memory.arrayOrNull(paddr);
    }

    /** Physical address of word {@code index}. */
    public long wordPaddr(int index) {
        return paddr + index * 8L;
    }

    public long read(int index) {
        long[] array = words;
        return array != null ? (long) WORD.getAcquire(array, index) : memory.read(uniform(index));
    }

    public void write(int index, long value) {
        long[] array = words;
        if (array != null) {
            WORD.setRelease(array, index, value);
        } else {
            memory.write(uniform(index), value);
            words = memory.arrayOrNull(paddr);
        }
    }

    public long fetchAndAnd(int index, long bits) {
        long[] array = words;
        return array != null ? (long) WORD.getAndBitwiseAnd(array, index, bits)
                : memory.fetchAndAnd(uniform(index), bits);
    }

    public long exchange(int index, long value) {
        long[] array = words;
        return array != null ? (long) WORD.getAndSet(array, index, value) : memory.exchange(uniform(index), value);
    }

    /** The address of a word of a frame without an array, which has no bounds of its own. */
    private long uniform(int index) {
        return wordPaddr(Objects.checkIndex(index, FrameArrays.FRAME_WORDS));
    }
}
