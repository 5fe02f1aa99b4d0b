package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;

/** The 1 to 8 bytes of one translated access, in memory words: up to two pieces, as it may cross a word or a page. */
final class Operand {
    private final MemoryPort port;
    private long paddr;
    private long secondPaddr;
    private int bytes;
    private int firstBytes;

    Operand(MemoryPort port) {
        this.port = port;
    }

    /** An operand within one page. */
    void set(long at, int length) {
        set(at, (at & -Long.BYTES) + Long.BYTES, length);
    }

    /** An operand whose second piece, if it has one, lies elsewhere. */
    void set(long at, long then, int length) {
        paddr = at;
        secondPaddr = then;
        bytes = length;
        firstBytes = Math.min(length, Paging.ENTRY_BYTES - (int) (at & 7));
    }

    long read() {
        long low = port.load(paddr & -Long.BYTES) >>> shift(paddr);
        if (bytes > firstBytes) {
            low = (low & mask(firstBytes)) | (port.load(secondPaddr) << (firstBytes << 3));
        }
        return low & mask(bytes);
    }

    void write(long value) {
        int shift = shift(paddr);
        port.store(paddr & -Long.BYTES, mask(firstBytes) << shift, value << shift);
        if (bytes > firstBytes) {
            port.store(secondPaddr, mask(bytes - firstBytes), value >>> (firstBytes << 3));
        }
    }

    private static int shift(long paddr) {
        return (int) (paddr & 7) << 3;
    }

    private static long mask(int bytes) {
        return -1L >>> (Long.SIZE - (bytes << 3));
    }
}
