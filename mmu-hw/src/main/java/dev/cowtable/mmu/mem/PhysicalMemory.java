package dev.cowtable.mmu.mem;

import dev.cowtable.mmu.addr.Paging;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sparse physical memory: a directory of chunks made on demand, in each a fill word or an array per frame.
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

    private static final int CHUNK_SHIFT = Paging.PAGE_SHIFT + FrameChunk.FRAME_SHIFT;
    private static final int FRAME_MASK = FrameChunk.FRAMES - 1;
    private static final int WORD_MASK = FrameChunk.FRAME_WORDS - 1;

    private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(FrameChunk[].class);
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle BACKED = backedHandle();

    private final long sizeBytes;
    private final @Nullable FrameChunk[] chunks;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private long backedFrames;

    public PhysicalMemory(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > MAX_BYTES || (sizeBytes & Paging.OFFSET_MASK) != 0) {
            throw new IllegalArgumentException("memory size 0x" + Long.toHexString(sizeBytes)
                    + " is not a positive multiple of 4 KiB up to 16 TiB");
        }
        this.sizeBytes = sizeBytes;
        this.chunks = new FrameChunk[(int) (((sizeBytes - 1) >>> CHUNK_SHIFT) + 1)];
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    public long frames() {
        return Paging.pfn(sizeBytes);
    }

    @Override
    public long read(long paddr) {
        checkWord(paddr);
        FrameChunk chunk = chunk(paddr);
        if (chunk == null) {
            return 0;
        }
        long[] words = chunk.words(frame(paddr));
        return words != null ? (long) WORD.getAcquire(words, word(paddr)) : chunk.fill(frame(paddr));
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
        long fill = fill(paddr);
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
            long fill = fill(paddr);
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
            long fill = fill(paddr);
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

    /** Why: a compare-and-exchange of the word keeps a neighbour's concurrent store. */
    public void writeByte(long paddr, byte value) {
        long wordPaddr = paddr & -Long.BYTES;
        long mask = 0xffL << byteShift(paddr);
        long bits = (value & 0xffL) << byteShift(paddr);
        long expected = read(wordPaddr);
        while (true) {
            long witness = compareAndExchange(wordPaddr, expected, (expected & ~mask) | bits);
            if (witness == expected) {
                return;
            }
            expected = witness;
        }
    }

    /** Every word of the frame becomes the given one and its array is dropped; the caller owns the frame alone. */
    public void fillFrame(long pfn, long word) {
        long paddr = checkFrame(pfn);
        FrameChunk chunk = chunk(paddr);
        if (chunk == null && word == 0) {
            return;
        }
        if (chunkOrMake(paddr).setFill(frame(paddr), word)) {
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
        FrameChunk from = chunk(fromPaddr);
        long[] words = from == null ? null : from.words(frame(fromPaddr));
        if (words == null) {
            fillFrame(toPfn, fill(fromPaddr));
        } else if (chunkOrMake(toPaddr).setWords(frame(toPaddr), words)) {
            countBacked(1);
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

    /** The words of one frame, looked up once. */
    public FrameView view(long pfn) {
        return new FrameView(this, pfn);
    }

    long @Nullable [] arrayOrNull(long paddr) {
        checkWord(paddr);
        FrameChunk chunk = chunk(paddr);
        return chunk == null ? null : chunk.words(frame(paddr));
    }

    /** The array to store into, or null (after a full barrier) if the uniform frame holds the value already. */
    private long @Nullable [] arrayUnlessFill(long paddr, long value) {
        if (fill(paddr) == value) {
            VarHandle.fullFence();
            return null;
        }
        return materialize(paddr);
    }

    private long fill(long paddr) {
        FrameChunk chunk = chunk(paddr);
        return chunk == null ? 0 : chunk.fill(frame(paddr));
    }

    private long[] materialize(long paddr) {
        return chunkOrMake(paddr).materialize(frame(paddr), this);
    }

    private @Nullable FrameChunk chunk(long paddr) {
        return (FrameChunk) CHUNK.getAcquire(chunks, (int) (paddr >>> CHUNK_SHIFT));
    }

    private FrameChunk chunkOrMake(long paddr) {
        FrameChunk chunk = chunk(paddr);
        if (chunk != null) {
            return chunk;
        }
        FrameChunk made = new FrameChunk();
        int index = (int) (paddr >>> CHUNK_SHIFT);
        FrameChunk witness = (FrameChunk) CHUNK.compareAndExchange(chunks, index, (FrameChunk) null, made);
        return witness != null ? witness : made;
    }

    private static int frame(long paddr) {
        return (int) (paddr >>> Paging.PAGE_SHIFT) & FRAME_MASK;
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

    private static VarHandle backedHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(PhysicalMemory.class, "backedFrames", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
