package dev.cowtable.suite.snapshot;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** Reads the text format; every fault of the file is a {@link SnapshotFormatException} with its line. */
public final class SnapshotReader {
    /** Name of the snapshot that ships with the laboratory. */
    public static final String SHIPPED = "redis-1g.cowsnap";

    static final String MAGIC = "cowtable-snapshot";
    static final String VERSION = "1";

    private final BufferedReader in;
    private int lineNr;
    private @Nullable String line;

    private SnapshotReader(BufferedReader in) {
        this.in = in;
    }

    /** Reads a file, gzip if its name ends in {@code .gz}. */
    public static Snapshot read(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return read(in, path.toString());
        }
    }

    /**
     * Reads a stream to its end.
     *
     * @param name names the source in errors; unpacks gzip if it ends in {@code .gz}
     */
    public static Snapshot read(InputStream in, String name) throws IOException {
        try {
            return read(reader(in, name), name);
        } catch (ZipException | EOFException e) {
            throw new SnapshotFormatException(name, 1, "not a whole gzip file: " + e.getMessage());
        }
    }

    /** Reads the recorded redis-server of about 1 GiB. */
    public static Snapshot readShipped() throws IOException {
        try (InputStream in = SnapshotReader.class.getResourceAsStream(SHIPPED)) {
            if (in == null) {
                throw new IOException("resource " + SHIPPED + " is missing");
            }
            return read(in, SHIPPED);
        }
    }

    private static Snapshot read(BufferedReader in, String name) throws IOException {
        SnapshotReader reader = new SnapshotReader(in);
        try {
            return reader.snapshot();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new SnapshotFormatException(name, reader.lineNr, reason(e));
        } catch (MalformedInputException e) {
            throw new SnapshotFormatException(name, reader.lineNr + 1, "not UTF-8 text");
        }
    }

    private static String reason(RuntimeException e) {
        String message = String.valueOf(e.getMessage());
        return e instanceof NumberFormatException ? "not a number: " + message : message;
    }

    private static BufferedReader reader(InputStream in, String name) throws IOException {
        InputStream bytes = new BufferedInputStream(in, 1 << 16);
        InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(bytes, 1 << 16) : bytes;
        return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8.newDecoder()));
    }

    private Snapshot snapshot() throws IOException {
        next();
        String version = header(MAGIC);
        SnapshotVma.check(version.equals(VERSION), "format version '" + version + "' is not known");
        next();
        String kernel = header("kernel");
        SnapshotVma.check(!kernel.isBlank() && !kernel.contains(" "), "bad kernel release '" + kernel + "'");
        next();
        String comm = header("comm");
        next();
        KnownBy zeroPagesBy = KnownBy.ofWord(header("zero-pages"));
        next();
        KnownBy hugePagesBy = KnownBy.ofWord(header("huge-pages"));
        next();
        boolean steady = steady(header("layout"));
        next();
        SnapshotStatus status = status(header("status"));
        next();
        List<SnapshotVma> vmas = vmas();
        return new Snapshot(comm, kernel, zeroPagesBy, hugePagesBy, steady, status, vmas);
    }

    private List<SnapshotVma> vmas() throws IOException {
        List<SnapshotVma> vmas = new ArrayList<>();
        while (line().startsWith("vma ")) {
            vmas.add(vma(line().substring("vma ".length()), vmas.isEmpty() ? null : vmas.getLast()));
        }
        long nrVmas = Long.parseLong(header("end"));
        SnapshotVma.check(nrVmas == vmas.size(), "end says " + nrVmas + " VMAs, there are " + vmas.size());
        int lastLineNr = lineNr;
        next();
        SnapshotVma.check(line == null, "text after the end line");
        lineNr = lastLineNr;
        return vmas;
    }

    /** One VMA with its runs; faults of the VMA as a whole are told at its first line. */
    private SnapshotVma vma(String text, @Nullable SnapshotVma before) throws IOException {
        int vmaLineNr = lineNr;
        String[] fields = text.split(" ", 7);
        SnapshotVma.check(fields.length >= 6, "a VMA has START-END PERMS OFFSET KIND ANONVMA FLAGS [NAME]");
        String[] range = fields[0].split("-", -1);
        SnapshotVma.check(range.length == 2, "bad range '" + fields[0] + "'");
        long startVaddr = hex(range[0]);
        long endVaddr = hex(range[1]);
        long offsetBytes = hex(fields[2]);
        VmaKind kind = VmaKind.ofWord(fields[3]);
        boolean hasAnonVma = flag(fields[4], "anon_vma");
        String flags = fields[5].equals("-") ? "" : fields[5];
        PageRuns pages = pages();
        int nextLineNr = lineNr;
        lineNr = vmaLineNr;
        SnapshotVma vma = new SnapshotVma(startVaddr, endVaddr, fields[1], offsetBytes, kind, hasAnonVma, flags,
                fields.length == 7 ? fields[6] : "", pages);
        if (before != null) {
            Snapshot.checkOrder(before, vma);
        }
        lineNr = nextLineNr;
        return vma;
    }

    private PageRuns pages() throws IOException {
        PageRuns.Builder runs = new PageRuns.Builder();
        next();
        do {
            for (String run : header("pages").split(" ", -1)) {
                SnapshotVma.check(!run.isEmpty(), "empty run");
                long count = run.length() == 1 ? 1 : Long.parseLong(run, 1, run.length(), 10);
                SnapshotVma.check(count > 0, "run '" + run + "' has no pages");
                runs.add(PageState.ofCode(run.charAt(0)), count);
            }
            next();
        } while (line != null && line.startsWith("pages "));
        return runs.build();
    }

    private static SnapshotStatus status(String text) {
        Map<String, Long> values = new LinkedHashMap<>();
        for (String pair : text.split(" ", -1)) {
            int equals = pair.indexOf('=');
            SnapshotVma.check(equals > 0, "not NAME=NUMBER: '" + pair + "'");
            values.put(pair.substring(0, equals), Long.parseLong(pair, equals + 1, pair.length(), 10));
        }
        return SnapshotStatus.ofMap(values);
    }

    private static boolean steady(String word) {
        SnapshotVma.check(word.equals("steady") || word.equals("moving"), "unknown layout '" + word + "'");
        return word.equals("steady");
    }

    private static boolean flag(String word, String name) {
        SnapshotVma.check(word.equals(name) || word.equals("-"), "'" + word + "' is neither " + name + " nor -");
        return word.equals(name);
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }

    private String header(String word) {
        String text = line();
        SnapshotVma.check(text.startsWith(word + " "), "expected a line '" + word + " ...'");
        return text.substring(word.length() + 1);
    }

    private String line() {
        if (line == null) {
            throw new IllegalArgumentException("the file ends here, without an end line");
        }
        return line;
    }

    private void next() throws IOException {
        do {
            line = in.readLine();
            lineNr++;
        } while (line != null && (line.isEmpty() || line.startsWith("#")));
    }
}
