package dev.cowtable.suite.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Tells the zero pages by frame number, where privilege allows it. */
final class KPageFlags implements AutoCloseable {
    private static final long KPF_ZERO_PAGE = 1L << 24;

    private final FileChannel channel;
    private final ByteBuffer word = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    private long zeroPfn;

    private KPageFlags(FileChannel channel) {
        this.channel = channel;
    }

    /** Null without the privilege. */
    static @Nullable KPageFlags open() {
        try {
            return new KPageFlags(FileChannel.open(Path.of("/proc/kpageflags"), StandardOpenOption.READ));
        } catch (IOException e) {
            return null;
        }
    }

    /** Whether the frame is the zero page or part of the huge one; the frame number is not 0. */
    boolean isZero(long pfn) throws IOException {
        if (pfn == zeroPfn) {
            return true;
        }
        word.clear();
        boolean zero = channel.read(word, pfn * 8) == 8 && (word.getLong(0) & KPF_ZERO_PAGE) != 0;
        if (zero) {
            zeroPfn = pfn;
        }
        return zero;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
