package dev.cowtable.mmu.mem;

import dev.cowtable.mmu.addr.Paging;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sparse physical memory: a fill word or an array for each frame, in directories that grow on demand.
 *
 * <p>A frame that holds one repeated word, zero at first, has no array; storing a second distinct word makes one by a
 * compare-and-exchange of its slot. Storing the fill word into such a frame changes nothing.
 *
 * <p>Locks: none. Word operations are atomic; a frame whose owner calls {@link #fillFrame} or {@link #copyFrame} on
 * it must not be stored to by anyone else meanwhile (a concurrent reader sees old or new words, never others).
 */
public final class PhysicalMemory implements MemoryAccess {
    /** Largest memory that can be declared. */
    public static final long MAX_BYTES = 1L << 44;

    private static final int WORD_MASK = FrameArrays.FRAME_WORDS - 1;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle BACKED = handle("backedFrames", long.class);
    private static final VarHandle READERS = handle("readers", FrameReader[].class);

    private final long sizeBytes;
    private final FrameArrays arrays;
    private final FillWords fills;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private long backedFrames;
    /** Who must be told when a frame loses its array. */
    private volatile FrameReader[] readers = new FrameReader[0];

    public PhysicalMemory(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > MAX_BYTES || (sizeBytes & Paging.OFFSET_MASK) != 0) {
            throw new IllegalArgumentException("memory size 0x" + Long.toHexString(sizeBytes)
                    + " is not a positive multiple of 4 KiB up to 16 TiB");
        }
        this.sizeBytes = sizeBytes;
        this.arrays = new FrameArrays(sizeBytes);
        this.fills = new FillWords(sizeBytes);
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public long frames() {
        return Paging.pfn(sizeBytes);
    }

    @Override
    public long read(long paddr) {
        long[] words = arrayOrNull(paddr);
        return words != null ? (long) WORD.getAcquire(words, word(paddr)) : fills.get(paddr);
    }

    @Override
    public void write(long paddr, long value) {
        long[] words = arrayOrNull(paddr);
        if (words == null) {
            words = arrayUnlessFill(paddr, value);
            if (words == null) {
                return;
            }
        }
        WORD.setRelease(words, word(paddr), value);
    }

    @Override
    public long compareAndExchange(long paddr, long expected, long value) {
        long[] words = arrayOrNull(paddr);
        return words != null
                ? (long) WORD.compareAndExchange(words, word(paddr), expected, value)
                : compareAndExchangeUniform(paddr, expected, value);
    }

    private long compareAndExchangeUniform(long paddr, long expected, long value) {
        long fill = fills.get(paddr);
        if (fill != expected || value == expected) {
            VarHandle.fullFence();
            return fill;
        }
        return (long) WORD.compareAndExchange(materialize(paddr), word(paddr), expected, value);
    }

    @Override
    public long fetchAndOr(long paddr, long bits) {
        long[] words = arrayOrNull(paddr);
        if (words == null) {
            long fill = fills.get(paddr);
            words = arrayUnlessFill(paddr, fill | bits);
            if (words == null) {
                return fill;
            }
        }
        return (long) WORD.getAndBitwiseOr(words, word(paddr), bits);
    }

    @Override
    public long fetchAndAnd(long paddr, long bits) {
        long[] words = arrayOrNull(paddr);
        if (words == null) {
            long fill = fills.get(paddr);
            words = arrayUnlessFill(paddr, fill & bits);
            if (words == null) {
                return fill;
            }
        }
        return (long) WORD.getAndBitwiseAnd(words, word(paddr), bits);
    }

    @Override
    public long exchange(long paddr, long value) {
        long[] words = arrayOrNull(paddr);
        if (words == null) {
            words = arrayUnlessFill(paddr, value);
            if (words == null) {
                return value;
            }
        }
        return (long) WORD.getAndSet(words, word(paddr), value);
    }

    @Override
    public void fence() {
        VarHandle.fullFence();
    }

    public byte readByte(long paddr) {
        return (byte) (read(paddr & -Long.BYTES) >>> byteShift(paddr));
    }

    public void writeByte(long paddr, byte value) {
        writeBits(paddr & -Long.BYTES, 0xffL << byteShift(paddr), (value & 0xffL) << byteShift(paddr));
    }

    /**
     * Stores the bits of the mask into a word.
     *
     * <p>Why: a compare-and-exchange of the word keeps a neighbour's concurrent store.
     */
    public void writeBits(long paddr, long mask, long bits) {
        long expected = read(paddr);
        while (true) {
            long witness = compareAndExchange(paddr, expected, (expected & ~mask) | (bits & mask));
            if (witness == expected) {
                return;
            }
            expected = witness;
        }
    }

    /** Every word of the frame becomes the given one and its array is dropped; the caller owns the frame alone. */
    public void fillFrame(long pfn, long word) {
        long paddr = checkFrame(pfn);
        fills.set(paddr, word);
        if (arrays.drop(paddr)) {
            for (FrameReader reader : readers) {
                reader.forget();
            }
            countBacked(-1);
        }
    }

    /**
     * Every word becomes 0 as 512 stores would make it: unlike {@link #fillFrame}, an array is kept; the caller owns the frame alone.
     *
     * <p>Why: a frame that is about to hold a page table again needs its array at once.
     */
    public void clearFrame(long pfn) {
        long[] words = arrayOrNull(checkFrame(pfn));
        if (words == null) {
            fillFrame(pfn, 0);
        } else {
            Arrays.fill(words, 0);
        }
    }

    /** Copies the contents; a uniform frame stays uniform in the copy. The caller owns {@code toPfn} alone. */
    public void copyFrame(long fromPfn, long toPfn) {
        long fromPaddr = checkFrame(fromPfn);
        long toPaddr = checkFrame(toPfn);
        long[] words = arrays.find(fromPaddr);
        if (words == null) {
            fillFrame(toPfn, fills.get(fromPaddr));
        } else {
            arrays.copy(toPaddr, words, this);
        }
    }

    /** True: the frame holds one repeated word without an array. */
    public boolean isUniform(long pfn) {
        return arrayOrNull(checkFrame(pfn)) == null;
    }

    /** Frames that have an array now; approximate while others store. */
    public long backedFrames() {
        return (long) BACKED.getOpaque(this);
    }

    void countBacked(long delta) {
        BACKED.getAndAdd(this, delta);
    }

    /** A reader that remembers so many frames; it is told for as long as this memory lives. */
    public FrameReader reader(int slots) {
        FrameReader made = new FrameReader(this, slots);
        FrameReader[] before;
        FrameReader[] all;
        do {
            before = readers;
            all = Arrays.copyOf(before, before.length + 1);
            all[before.length] = made;
        } while (!READERS.compareAndSet(this, before, all));
        return made;
    }

    /** The words of one frame, looked up once. */
    public FrameView view(long pfn) {
        return new FrameView(this, pfn);
    }

    /** The frame's array; null if it has none or does not exist. */
    long @Nullable [] find(long paddr) {
        return arrays.find(paddr);
    }

    long @Nullable [] arrayOrNull(long paddr) {
        checkWord(paddr);
        return arrays.find(paddr);
    }

    /** The array to store into, or null (after a full barrier) if the uniform frame holds the value already. */
    private long @Nullable [] arrayUnlessFill(long paddr, long value) {
        if (fills.get(paddr) == value) {
            VarHandle.fullFence();
            return null;
        }
        return materialize(paddr);
    }

    private long[] materialize(long paddr) {
        return arrays.make(paddr, fills.get(paddr), this);
    }

    private static int word(long paddr) {
        return (int) (paddr >>> 3) & WORD_MASK;
    }

    private static int byteShift(long paddr) {
        return (int) (paddr & 7) << 3;
    }

    private void checkWord(long paddr) {
        if (paddr < 0 || paddr >= sizeBytes || (paddr & 7) != 0) {
            throw badAddress(paddr);
        }
    }

    private long checkFrame(long pfn) {
        if (pfn < 0 || pfn >= frames()) {
            throw badAddress(Paging.paddr(pfn));
        }
        return Paging.paddr(pfn);
    }

    private IllegalArgumentException badAddress(long paddr) {
        boolean inside = paddr >= 0 && paddr < sizeBytes;
        return new IllegalArgumentException("physical address 0x" + Long.toHexString(paddr)
                + (inside ? " is not a multiple of 8" : " lies outside memory of 0x"
                        + Long.toHexString(sizeBytes) + " bytes"));
    }

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(PhysicalMemory.class, field, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
