package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.suite.vectors.VectorAccess;
import java.util.HashSet;
import java.util.Set;

/**
 * What lies at the physical addresses under test: bytes that tell the address, so that the one really used is observed.
 *
 * <p>A load must bring them, a store must change them, where the tables say. The limit of the descriptor that LSL
 * reads tells the address as well. Pages of code hold one of two one-byte opcodes that trap.
 *
 * <p>Why: code never changes, for QEMU does not see that the host writes to what it has translated.
 */
final class TargetMemory {
    /** INT3 and PUSH ES (which is no opcode in 64-bit mode), their vectors, and how far RIP moves. */
    private static final int[] OPCODES = {0xcc, 0x06};
    private static final int[] TRAPS = {3, 6};
    private static final int[] LENGTHS = {1, 0};
    /** A byte-granular data segment of DPL 3 that is present and accessed. */
    private static final long DESCRIPTOR = 0x0000_f300_0000_0000L;
    private static final long NO_ZERO_BYTES = 0x0101_0101_0101_0101L;

    private final GuestMemory memory;
    private final Set<Long> codePfns = new HashSet<>();

    TargetMemory(GuestMemory memory) {
        this.memory = memory;
    }

    /** Puts there what the access should find. */
    void prepare(PlacedVector vector) {
        long paddr = vector.targetPaddr();
        switch (vector.input().access()) {
            case X -> prepareCode(paddr);
            case KR -> memory.store(paddr, descriptor(paddr));
            default -> prepareWords(paddr, vector.input().sizeBytes());
        }
    }

    /** What RAX, or for an interrupt's stack RSP, should hold before the access. */
    long value(PlacedVector vector) {
        return ~contents(vector.targetPaddr(), Long.BYTES);
    }

    boolean hasLoaded(PlacedVector vector, long rax) {
        long paddr = vector.targetPaddr();
        if (vector.input().access() == VectorAccess.KR) {
            return (int) rax == limit(paddr);
        }
        int sizeBytes = vector.input().sizeBytes();
        return (rax & mask(sizeBytes)) == contents(paddr, sizeBytes);
    }

    boolean hasStored(PlacedVector vector) {
        long paddr = vector.targetPaddr();
        if (vector.input().access() == VectorAccess.KW) {
            return memory.load(paddr) == GuestLayout.DATA_3 && memory.load(paddr - Long.BYTES) == value(vector);
        }
        int sizeBytes = vector.input().sizeBytes();
        return read(paddr, sizeBytes) == (value(vector) & mask(sizeBytes));
    }

    /** True while no byte of a prepared store's target has changed. */
    boolean isUntouched(PlacedVector vector) {
        int sizeBytes = vector.input().sizeBytes();
        return read(vector.targetPaddr(), sizeBytes) == contents(vector.targetPaddr(), sizeBytes);
    }

    boolean hasFetched(PlacedVector vector, long trap, long rip) {
        int kind = kind(vector.targetPaddr());
        return trap == TRAPS[kind] && rip == vector.input().va() + LENGTHS[kind];
    }

    private void prepareCode(long paddr) {
        if (codePfns.add(Paging.pfn(paddr))) {
            memory.fill(paddr & -Paging.PAGE_BYTES, Paging.PAGE_BYTES, OPCODES[kind(paddr)]);
        }
    }

    private void prepareWords(long paddr, int sizeBytes) {
        long last = paddr + sizeBytes - 1 & -Long.BYTES;
        for (long word = paddr & -Long.BYTES; word <= last; word += Long.BYTES) {
            memory.store(word, word(word));
        }
    }

    private long read(long paddr, int sizeBytes) {
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (long) memory.loadByte(paddr + i) << Byte.SIZE * i;
        }
        return value;
    }

    private static int kind(long paddr) {
        return (int) Long.remainderUnsigned(word(Paging.pfn(paddr)), OPCODES.length);
    }

    private static long descriptor(long paddr) {
        long limit = limit(paddr);
        return DESCRIPTOR | limit & 0xffff | limit >> 16 << 48;
    }

    private static int limit(long paddr) {
        return (int) word(paddr) & 0xf_ffff;
    }

    /** The bytes that belong at the address. */
    private static long contents(long paddr, int sizeBytes) {
        int shift = (int) (paddr & Long.BYTES - 1) * Byte.SIZE;
        long low = word(paddr & -Long.BYTES) >>> shift;
        long high = shift == 0 ? 0 : word((paddr & -Long.BYTES) + Long.BYTES) << Long.SIZE - shift;
        return (low | high) & mask(sizeBytes);
    }

    private static long mask(int sizeBytes) {
        return -1L >>> Long.SIZE - Byte.SIZE * sizeBytes;
    }

    /** A number that the address determines (SplitMix64's finalizer); a zero byte would look like untouched RAM. */
    private static long word(long paddr) {
        long mixed = (paddr ^ paddr >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
        return mixed ^ mixed >>> 31 | NO_ZERO_BYTES;
    }
}
