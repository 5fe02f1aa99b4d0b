package dev.cowtable.suite.snapshot;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Records a live process.
 *
 * <p>Differs: the process is not stopped. Pages that change while they are read are seen before or after the change;
 * when the VMAs changed, the recording is repeated, and the last attempt is kept and marked as not steady.
 */
public final class ProcessRecorder {
    private static final int NR_ATTEMPTS = 5;

    private final ProcFiles proc;
    private final FileChannel pagemap;
    private final @Nullable PagemapScan scan;
    private final @Nullable KPageFlags kpageflags;

    private ProcessRecorder(ProcFiles proc, FileChannel pagemap, @Nullable PagemapScan scan,
            @Nullable KPageFlags kpageflags) {
        this.proc = proc;
        this.pagemap = pagemap;
        this.scan = scan;
        this.kpageflags = kpageflags;
    }

    /** Records the process; the exception's message is one line that says why not. */
    public static Snapshot record(long pid) throws RecordException {
        return record(pid, true, true);
    }

    /** As {@link #record(long)}, leaving out a source as an older kernel or a user without privilege would. */
    static Snapshot record(long pid, boolean withScan, boolean withFrames) throws RecordException {
        ProcFiles proc = new ProcFiles(pid);
        Map<String, String> status = status(proc);
        if (!status.containsKey("VmRSS")) {
            throw new RecordException("process " + pid + " (" + status.getOrDefault("Name", "?")
                    + ") has no memory of its own: a kernel thread or a zombie");
        }
        try (FileChannel pagemap = proc.open("pagemap");
                PagemapScan scan = withScan ? PagemapScan.open(pid) : null;
                KPageFlags kpageflags = withFrames ? KPageFlags.open() : null) {
            return new ProcessRecorder(proc, pagemap, scan, kpageflags).record();
        } catch (IOException e) {
            throw proc.failed("pagemap", e);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new RecordException("process " + pid + ": unexpected text in /proc: " + e.getMessage());
        }
    }

    private Snapshot record() throws IOException {
        for (int attempt = 1;; attempt++) {
            List<SmapsVma> before = smaps();
            List<SnapshotVma> vmas = new ArrayList<>();
            VmaScanner scanner = new VmaScanner(pagemap, scan, kpageflags);
            for (SmapsVma vma : before) {
                vmas.add(vma(vma, scanner.scan(vma)));
            }
            Map<String, String> status = status(proc);
            boolean steady = sameRanges(before, SmapsVma.parse(proc.lines("maps")));
            if (steady || attempt == NR_ATTEMPTS) {
                return snapshot(status, vmas, steady, scanner.framesVisible());
            }
        }
    }

    private List<SmapsVma> smaps() throws RecordException {
        List<SmapsVma> vmas = SmapsVma.parse(proc.lines("smaps"));
        if (vmas.isEmpty()) {
            throw proc.vanished();
        }
        return vmas;
    }

    private Snapshot snapshot(Map<String, String> status, List<SnapshotVma> vmas, boolean steady,
            boolean framesVisible) throws IOException {
        if (!status.containsKey("VmRSS")) {
            throw proc.vanished();
        }
        KnownBy huge = scan != null ? KnownBy.PAGEMAP_SCAN : KnownBy.SMAPS;
        KnownBy zero = scan != null ? KnownBy.PAGEMAP_SCAN : framesVisible ? KnownBy.PFN : KnownBy.SMAPS;
        return new Snapshot(plain(status.getOrDefault("Name", "?")), kernelRelease(), zero, huge, steady,
                figures(status), vmas);
    }

    private static SnapshotVma vma(SmapsVma vma, PageRuns pages) {
        boolean hasAnonVma = pages.needsAnonVma() || vma.kb("Anonymous") > 0;
        return new SnapshotVma(vma.startVaddr(), vma.endVaddr(), vma.perms(), vma.offsetBytes(),
                VmaKind.ofPath(vma.path()), hasAnonVma, vma.vmFlags(), plain(VmaKind.shortName(vma.path())), pages);
    }

    private static boolean sameRanges(List<SmapsVma> before, List<SmapsVma> after) {
        boolean same = before.size() == after.size();
        for (int i = 0; same && i < before.size(); i++) {
            same = before.get(i).sameRange(after.get(i));
        }
        return same;
    }

    private static Map<String, String> status(ProcFiles proc) throws RecordException {
        Map<String, String> values = new HashMap<>();
        for (String line : proc.lines("status")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                values.put(line.substring(0, colon), line.substring(colon + 1).trim());
            }
        }
        return values;
    }

    private static SnapshotStatus figures(Map<String, String> status) {
        return new SnapshotStatus(number(status, "VmPTE"), number(status, "VmRSS"), number(status, "VmSize"),
                number(status, "RssAnon"), number(status, "RssFile"), number(status, "RssShmem"),
                number(status, "VmSwap"), !"0".equals(status.get("THP_enabled")));
    }

    private static long number(Map<String, String> status, String key) {
        String value = status.getOrDefault(key, "0");
        return Long.parseLong(value.endsWith(" kB") ? value.substring(0, value.length() - 3).trim() : value);
    }

    /** The version without what a distribution or a machine's owner adds after it. */
    private static String kernelRelease() throws IOException {
        String release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim();
        int end = 0;
        while (end < release.length() && (Character.isDigit(release.charAt(end)) || release.charAt(end) == '.')) {
            end++;
        }
        return end == 0 ? "unknown" : release.substring(0, end);
    }

    private static String plain(String name) {
        StringBuilder text = new StringBuilder(name);
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                text.setCharAt(i, '?');
            }
        }
        return text.toString();
    }
}
