package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** The text of a file of vectors, kept until it is whole. */
public final class VectorFile {
    private static final int BUFFER_BYTES = 1 << 16;

    private final CpuModel model;
    private final VectorFormat format;
    private final StringBuilder lines = new StringBuilder();

    public VectorFile(CpuModel model) {
        this.model = model;
        format = new VectorFormat(model);
    }

    public void add(RecordedVector vector) {
        format.append(lines, vector.trimmed());
        lines.append('\n');
    }

    /** The whole text, headed by the comments, one a line. */
    public void writeTo(Appendable out, List<String> comments) throws IOException {
        for (String comment : comments) {
            out.append("# ").append(comment.replace('\n', ' ')).append('\n');
        }
        out.append(VectorFormat.cpuLine(model)).append('\n').append(lines);
    }

    /**
     * Writes a file, gzip if its name ends in {@code .gz}; an old file of that name stays whole until the new one is.
     *
     * <p>Why: what is neither missing nor a plain file (a pipe, /dev/stdout) is written in place, not replaced.
     */
    public void write(Path path, List<String> comments) throws IOException {
        Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
        boolean packed = path.toString().endsWith(".gz");
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            write(Files.newOutputStream(target, StandardOpenOption.WRITE), packed, comments);
            return;
        }
        Path part = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            write(Files.newOutputStream(part), packed, comments);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private void write(OutputStream bytes, boolean packed, List<String> comments) throws IOException {
        try (bytes;
                Writer out = new OutputStreamWriter(packed ? new SmallGzip(bytes) : bytes, StandardCharsets.UTF_8)) {
            writeTo(out, comments);
        }
    }

    /** Why: recorded files are kept for good, so size comes before time. */
    private static final class SmallGzip extends GZIPOutputStream {
        SmallGzip(OutputStream out) throws IOException {
            super(out, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
