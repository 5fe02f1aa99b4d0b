package dev.cowtable.suite.vectors.qemu;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The guest's RAM, a sparse file that QEMU and this process share.
 *
 * <p>Why: far more RAM than is ever touched lets table and page addresses reach high bits.
 */
final class GuestMemory implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final long FREE_BYTES_WANTED = 256L << 20;
    /** Of QEMU's machine type pc: RAM below ends at 3 GiB and goes on at 4 GiB. */
    private static final long LOW_BYTES = 3L << 30;
    private static final long HOLE_BYTES = 1L << 30;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle ORDERED = ValueLayout.JAVA_LONG.varHandle();

    private final Path file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment ram;

    private GuestMemory(Path file, long bytes) throws IOException {
        this.file = file;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ram = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
        }
    }

    static GuestMemory create(long bytes) throws IOException {
        boolean shared = Files.isWritable(SHARED_MEMORY)
                && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= FREE_BYTES_WANTED;
        Path file = shared ? Files.createTempFile(SHARED_MEMORY, "cowtable-guest", ".ram")
                : Files.createTempFile("cowtable-guest", ".ram");
        try {
            return new GuestMemory(file, bytes);
        } catch (IOException | RuntimeException e) {
            Files.delete(file);
            throw e;
        }
    }

    Path file() {
        return file;
    }

    long bytes() {
        return ram.byteSize();
    }

    /** Takes the file's name away; those who have it open or mapped keep it. */
    void unlink() throws IOException {
        Files.deleteIfExists(file);
    }

    long load(long paddr) {
        return ram.get(LONG, offset(paddr));
    }

    void store(long paddr, long value) {
        ram.set(LONG, offset(paddr), value);
    }

    int loadByte(long paddr) {
        return Byte.toUnsignedInt(ram.get(ValueLayout.JAVA_BYTE, offset(paddr)));
    }

    void fill(long paddr, long bytes, int value) {
        ram.asSlice(offset(paddr), bytes).fill((byte) value);
    }

    long loadAcquire(long paddr) {
        return (long) ORDERED.getAcquire(ram, offset(paddr));
    }

    void storeRelease(long paddr, long value) {
        ORDERED.setRelease(ram, offset(paddr), value);
    }

    @Override
    public void close() throws IOException {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        unlink();
    }

    private static long offset(long paddr) {
        return paddr < LOW_BYTES ? paddr : paddr - HOLE_BYTES;
    }
}
