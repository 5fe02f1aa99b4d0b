package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Reads vectors one after the other from a text, plain or packed with gzip. */
public final class VectorReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int GZIP_MAGIC = 0x8b1f;

    private final BufferedReader lines;
    private final VectorParser parser;
    private int line;

    /** @param file name for messages */
    public VectorReader(String file, InputStream bytes) throws IOException {
        lines = new BufferedReader(new InputStreamReader(unpacked(bytes), StandardCharsets.UTF_8.newDecoder()),
                BUFFER_BYTES);
        parser = new VectorParser(file);
    }

    @SuppressWarnings("resource")
    public static VectorReader open(Path file) throws IOException {
        InputStream bytes = Files.newInputStream(file);
        try {
            return new VectorReader(file.toString(), bytes);
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    /**
     * The next vector, null at the end.
     *
     * @throws VectorSyntaxException at the first line that is malformed
     */
    public @Nullable RecordedVector next() throws IOException {
        for (String text = lines.readLine(); text != null; text = lines.readLine()) {
            line++;
            RecordedVector vector = parser.parse(line, text);
            if (vector != null) {
                return vector;
            }
        }
        return null;
    }

    /** The line number, from 1, of the last vector read. */
    public int line() {
        return line;
    }

    /** The CPU of the last vector read. */
    public CpuModel model() {
        CpuModel model = parser.model();
        if (model == null) {
            throw new IllegalStateException("no vector was read");
        }
        return model;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }

    private static InputStream unpacked(InputStream bytes) throws IOException {
        InputStream buffered = new BufferedInputStream(bytes, BUFFER_BYTES);
        buffered.mark(2);
        int magic = buffered.read() | buffered.read() << 8;
        buffered.reset();
        return magic == GZIP_MAGIC ? new GZIPInputStream(buffered, BUFFER_BYTES) : buffered;
    }
}
