package dev.cowtable.suite.snapshot;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Writes the text format. */
public final class SnapshotWriter {
    private static final int LINE_LENGTH = 110;

    private SnapshotWriter() {
    }

    /**
     * Writes a file, gzip if its name ends in {@code .gz}; an old file of that name stays whole until the new one is.
     *
     * <p>Why: what is neither missing nor a plain file (a pipe, /dev/stdout) is written in place, not replaced.
     */
    public static void write(Snapshot snapshot, Path path) throws IOException {
        Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
                write(snapshot, out, path.toString());
            }
            return;
        }
        Path part = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream out = Files.newOutputStream(part)) {
                write(snapshot, out, path.toString());
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Writes to a stream, which stays open; packs with gzip if the name ends in {@code .gz}. */
    public static void write(Snapshot snapshot, OutputStream out, String name) throws IOException {
        GZIPOutputStream gzip = name.endsWith(".gz") ? new GZIPOutputStream(out, 1 << 16) : null;
        Writer text = new BufferedWriter(new OutputStreamWriter(gzip == null ? out : gzip, StandardCharsets.UTF_8));
        write(snapshot, text);
        text.flush();
        if (gzip != null) {
            gzip.finish();
        }
    }

    private static void write(Snapshot snapshot, Writer out) throws IOException {
        line(out, SnapshotReader.MAGIC, SnapshotReader.VERSION);
        line(out, "kernel", snapshot.kernelRelease());
        line(out, "comm", snapshot.comm());
        line(out, "zero-pages", snapshot.zeroPagesBy().word());
        line(out, "huge-pages", snapshot.hugePagesBy().word());
        line(out, "layout", snapshot.steady() ? "steady" : "moving");
        line(out, "status", status(snapshot.status()));
        for (SnapshotVma vma : snapshot.vmas()) {
            line(out, "vma", vma(vma));
            pages(out, vma.pages());
        }
        line(out, "end", Integer.toString(snapshot.vmas().size()));
    }

    private static String status(SnapshotStatus status) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Long> value : status.toMap().entrySet()) {
            text.append(text.isEmpty() ? "" : " ").append(value.getKey()).append('=').append(value.getValue());
        }
        return text.toString();
    }

    private static String vma(SnapshotVma vma) {
        String text = Long.toHexString(vma.startVaddr()) + "-" + Long.toHexString(vma.endVaddr()) + " " + vma.perms()
                + " " + Long.toHexString(vma.offsetBytes()) + " " + vma.kind().word()
                + (vma.hasAnonVma() ? " anon_vma " : " - ") + (vma.vmFlags().isEmpty() ? "-" : vma.vmFlags());
        return vma.name().isEmpty() ? text : text + " " + vma.name();
    }

    private static void pages(Writer out, PageRuns runs) throws IOException {
        StringBuilder text = new StringBuilder("pages");
        for (int i = 0; i < runs.nrRuns(); i++) {
            String run = runs.runText(i);
            if (text.length() + 1 + run.length() > LINE_LENGTH) {
                out.append(text).write('\n');
                text.setLength("pages".length());
            }
            text.append(' ').append(run);
        }
        out.append(text).write('\n');
    }

    private static void line(Writer out, String word, String text) throws IOException {
        out.append(word).append(' ').append(text).write('\n');
    }
}
