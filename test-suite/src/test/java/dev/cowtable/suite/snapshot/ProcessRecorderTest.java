package dev.cowtable.suite.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cowtable.suite.bench.NativeProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProcessRecorderTest {

    @BeforeEach
    void needsProc() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")), "skipped: no /proc/self/pagemap here");
    }

    @Test
    void thisProcessIsRecordedAsItsStatusSays() throws IOException {
        Snapshot self = ProcessRecorder.record(ProcessHandle.current().pid());
        SnapshotStatus status = self.status();
        assertThat(self.vmas()).hasSizeGreaterThan(20);
        assertThat(self.nrAnonPages() * 4).isBetween(status.rssAnonKb() * 80 / 100, status.rssAnonKb() * 120 / 100);
        assertThat(status.vmRssKb()).isBetween(selfKb("VmRSS") * 70 / 100, selfKb("VmRSS") * 130 / 100);
        assertThat(status.vmPteKb()).isBetween(selfKb("VmPTE") * 70 / 100, selfKb("VmPTE") * 130 / 100);
        assertThat(self.vmas()).anyMatch(vma -> vma.name().startsWith("libjvm.so") && vma.kind() == VmaKind.FILE);
        assertThat(self.vmas()).anyMatch(vma -> vma.name().equals("vdso") && vma.kind() == VmaKind.SPECIAL);
    }

    @Test
    void aProcessThatIsNotThereIsTold() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        assertThatThrownBy(() -> ProcessRecorder.record(process.pid())).isInstanceOf(RecordException.class)
                .hasMessage("no such process: " + process.pid());
    }

    @Test
    void aKernelThreadHasNoMemory() {
        assumeTrue(commOfTwo().equals("kthreadd"), "skipped: no kernel threads");
        assertThatThrownBy(() -> ProcessRecorder.record(2)).isInstanceOf(RecordException.class)
                .hasMessageContaining("(kthreadd) has no memory of its own");
    }

    /** The three ways of telling the zero page: newest kernels, older ones, and users without privilege. */
    @ParameterizedTest(name = "PAGEMAP_SCAN {0}, frame numbers {1}")
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void knownPagesAreRecordedAsTheyWereMade(boolean withScan, boolean withFrames) throws Exception {
        Optional<NativeProgram> compiled = NativeProgram.compile("layout_probe.c", reason -> assumeTrue(false, reason));
        try (NativeProgram program = compiled.orElseThrow()) {
            Process process = new ProcessBuilder(program.executable().toString()).start();
            try (BufferedReader out = process.inputReader()) {
                Map<String, String> told = untilReady(out);
                Snapshot snapshot = ProcessRecorder.record(process.pid(), withScan, withFrames);
                assertSmall(snapshot, told);
                assertHuge(snapshot, told);
                assertThat(states(snapshot, told.getOrDefault("shmem", ""), 4)).isEqualTo("ff..");
                assertThat(vmaAt(snapshot, told.getOrDefault("shmem", "")).kind()).isEqualTo(VmaKind.SHMEM);
                assertThat(snapshot.steady()).isTrue();
            } finally {
                process.outputWriter().close();
                assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    /** A VMA with shared anonymous pages and zero pages stays in doubt when neither the scan nor frames tell. */
    private static void assertSmall(Snapshot snapshot, Map<String, String> told) {
        String guard = "1".equals(told.getOrDefault("guard", "")) ? "gg" : "..";
        boolean sure = snapshot.zeroPagesBy() != KnownBy.SMAPS;
        assertThat(states(snapshot, told.getOrDefault("small", ""), 16))
                .isEqualTo((sure ? "aaAAzz" : "aaffff") + ".." + guard + "......");
        assertThat(vmaAt(snapshot, told.getOrDefault("small", "")).hasAnonVma()).isTrue();
        assertThat(vmaAt(snapshot, told.getOrDefault("small", "")).hasFlag("nh")).isTrue();
    }

    private static void assertHuge(Snapshot snapshot, Map<String, String> told) {
        String huge = states(snapshot, told.getOrDefault("huge", ""), 512);
        assertThat(huge).isIn("h".repeat(512), "a" + ".".repeat(511));
    }

    private static String states(Snapshot snapshot, String start, int nrPages) {
        SnapshotVma vma = vmaAt(snapshot, start);
        long first = (Long.parseLong(start, 16) - vma.startVaddr()) >>> SnapshotVma.PAGE_SHIFT;
        StringBuilder text = new StringBuilder();
        long page = 0;
        for (int i = 0; i < vma.pages().nrRuns(); i++) {
            for (long end = page + vma.pages().nrPages(i); page < end; page++) {
                text.append(page >= first && page < first + nrPages ? vma.pages().state(i).code() : "");
            }
        }
        return text.toString();
    }

    private static SnapshotVma vmaAt(Snapshot snapshot, String start) {
        long vaddr = Long.parseLong(start, 16);
        return snapshot.vmas().stream().filter(v -> v.startVaddr() <= vaddr && vaddr < v.endVaddr()).findFirst()
                .orElseThrow();
    }

    private static Map<String, String> untilReady(BufferedReader out) throws IOException {
        Map<String, String> told = new HashMap<>();
        while (!told.containsKey("ready")) {
            String line = out.readLine();
            assertThat(line).isNotNull();
            told.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
        return told;
    }

    private static long selfKb(String key) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith(key + ":"))
                .findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
    }

    private static String commOfTwo() {
        try {
            return Files.readString(Path.of("/proc/2/comm")).trim();
        } catch (IOException e) {
            return "";
        }
    }
}
