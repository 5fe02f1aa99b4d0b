package dev.cowtable.suite.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class SnapshotReaderTest {
    private static final List<String> GOOD = List.of(
            "cowtable-snapshot 1",
            "kernel 6.18.44",
            "comm a b",
            "zero-pages pagemap-scan",
            "huge-pages smaps",
            "layout steady",
            "status VmPTE=48 VmRSS=16 VmSize=40 RssAnon=12 RssFile=4 RssShmem=0 VmSwap=0 THP_enabled=1",
            "vma 1000-9000 rw-p 0 anon anon_vma rd,wr my area",
            "pages a2 .3",
            "pages z w A",
            "vma 9000-b000 r--s 1f000 file - -",
            "pages f .",
            "end 2");

    @Test
    void everyFieldIsRead() throws IOException {
        Snapshot snapshot = read(String.join("\n", GOOD) + "\n");
        assertThat(snapshot.comm()).isEqualTo("a b");
        assertThat(snapshot.hugePagesBy()).isEqualTo(KnownBy.SMAPS);
        assertThat(snapshot.status().vmPteKb()).isEqualTo(48);
        SnapshotVma first = snapshot.vmas().getFirst();
        assertThat(first.pages()).hasToString("a2 .3 z w A");
        assertThat(first.name()).isEqualTo("my area");
        assertThat(first.hasFlag("wr")).isTrue();
        assertThat(first.hasFlag("dw")).isFalse();
        assertThat(snapshot.nrAnonPages()).isEqualTo(3);
        SnapshotVma last = snapshot.vmas().getLast();
        assertThat(last).isEqualTo(new SnapshotVma(0x9000, 0xb000, "r--s", 0x1f000, VmaKind.FILE, false, "", "",
                new PageRuns.Builder().add(PageState.FILE, 1).add(PageState.NONE, 1).build()));
    }

    @Test
    void commentsEmptyLinesAndWindowsLineEndsAreNoFault() throws IOException {
        String text = "# recorded by hand\r\n\r\n" + String.join("\r\n", GOOD) + "\r\n# end\r\n";
        assertThat(read(text)).isEqualTo(read(String.join("\n", GOOD)));
    }

    @ParameterizedTest(name = "line {0}: {1}")
    @MethodSource("badLines")
    void aBadLineIsToldWithItsNumber(int line, String text, String reason) {
        List<String> lines = new ArrayList<>(GOOD);
        lines.set(line - 1, text);
        assertFault(String.join("\n", lines), line, reason);
    }

    static Stream<Arguments> badLines() {
        return Stream.of(
                arguments(1, "cowtable-snapshot 2", "version '2' is not known"),
                arguments(1, "PK", "expected a line 'cowtable-snapshot ...'"),
                arguments(2, "kernel ", "bad kernel release"),
                arguments(3, "com x", "expected a line 'comm ...'"),
                arguments(4, "zero-pages guess", "unknown source 'guess'"),
                arguments(5, "huge-pages", "expected a line 'huge-pages ...'"),
                arguments(6, "layout upright", "unknown layout 'upright'"),
                arguments(7, "status VmPTE=48", "status has no VmRSS"),
                arguments(7, "status VmPTE", "not NAME=NUMBER"),
                arguments(7, "status VmPTE=x", "not a number"),
                arguments(7, GOOD.get(6).replace("VmPTE=48", "VmPTE=-1"), "negative status value"),
                arguments(8, "vma 1000-9000 rw-p", "a VMA has START-END"),
                arguments(8, "vma 1000 rw-p 0 anon anon_vma rd", "bad range '1000'"),
                arguments(8, "vma 1000-900g rw-p 0 anon anon_vma rd", "not a number"),
                arguments(8, "vma 1000-9001 rw-p 0 anon anon_vma rd", "not page-aligned"),
                arguments(8, "vma 9000-1000 rw-p 0 anon anon_vma rd", "ends before it starts"),
                arguments(8, "vma 1000-9000 wr-p 0 anon anon_vma rd", "bad permissions"),
                arguments(8, "vma 1000-9000 rw-p 0 brk anon_vma rd", "unknown VMA kind 'brk'"),
                arguments(8, "vma 1000-9000 rw-p 0 anon yes rd", "neither anon_vma nor -"),
                arguments(8, "vma 1000-9000 rw-p 0 anon anon_vma rd+wr", "bad VmFlags"),
                arguments(8, "vma 1000-9000 rw-p 0 anon - rd", "anonymous pages in a VMA without anon_vma"),
                arguments(8, "vma 1000-8000 rw-p 0 anon anon_vma rd", "runs hold 8 pages, the VMA has 7"),
                arguments(9, "pages a2 x3", "unknown page state 'x'"),
                arguments(9, "pages a2  .3", "empty run"),
                arguments(9, "pages a0 .5", "has no pages"),
                arguments(9, "pages a2 .-3", "has no pages"),
                arguments(9, "pages a2 .3k", "not a number"),
                arguments(9, "page a2 .3", "expected a line 'pages ...'"),
                arguments(9, "pages a9223372036854775807 a2", "overflow"),
                arguments(8, "vma 1000-9000 rw-p 0 anon - rd\npages .9223372036854775807 f9223372036854775807 .7",
                        "overflow"),
                arguments(11, "vma 8000-a000 r--s 0 file - -", "overlaps the one before it"),
                arguments(13, "end 3", "end says 3 VMAs, there are 2"),
                arguments(13, "end x", "not a number"));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void aCutFileIsAFault(int nrLines) {
        assertThatThrownBy(() -> read(String.join("\n", GOOD.subList(0, nrLines)) + "\n"))
                .isInstanceOf(SnapshotFormatException.class);
    }

    static IntStream cuts() {
        return IntStream.range(0, GOOD.size());
    }

    @Test
    void textAfterTheEndIsAFault() {
        assertFault(String.join("\n", GOOD) + "\nvma", 14, "text after the end line");
    }

    @Test
    void bytesThatAreNoTextAreAFault() {
        byte[] bytes = (GOOD.get(0) + "\nkernel \u00ff").getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> SnapshotReader.read(new ByteArrayInputStream(bytes), "bad.cowsnap"))
                .isInstanceOf(SnapshotFormatException.class).hasMessageContaining("not UTF-8 text");
    }

    @Test
    void aBrokenPackedFileIsAFault() throws IOException {
        byte[] text = "cowtable-snapshot 1\n".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> SnapshotReader.read(new ByteArrayInputStream(text), "x.gz"))
                .isInstanceOf(SnapshotFormatException.class)
                .hasMessage("x.gz:1: not a whole gzip file: Not in GZIP format");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        SnapshotWriter.write(SnapshotReader.readShipped(), packed, "x.gz");
        byte[] cut = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        assertThatThrownBy(() -> SnapshotReader.read(new ByteArrayInputStream(cut), "x.gz"))
                .isInstanceOf(SnapshotFormatException.class).hasMessageContaining("not a whole gzip file");
    }

    @Test
    void theShippedRedisHoldsWhatItsStatusSays() throws IOException {
        Snapshot redis = SnapshotReader.readShipped();
        assertThat(redis.comm()).isEqualTo("redis-server");
        assertThat(redis.status().vmRssKb()).isBetween(900_000L, 1_200_000L);
        assertAnonAgrees(redis);
    }

    @Test
    void theShippedRedisNeedsTheTablesThatVmPteCounts() throws IOException {
        Snapshot redis = SnapshotReader.readShipped();
        long leastTablesKb = 4 * redis.nrAnonPages() / 512;
        assertThat(redis.status().vmPteKb()).isBetween(leastTablesKb, leastTablesKb * 12 / 10);
    }

    @Test
    void aShellWithAChildHasSharedAnonymousPages() throws IOException {
        try (InputStream in = SnapshotReaderTest.class.getResourceAsStream("bash.cowsnap")) {
            assertThat(in).isNotNull();
            Snapshot bash = SnapshotReader.read(in, "bash.cowsnap");
            assertThat(bash.nrPages(PageState.ANON_SHARED)).isPositive();
            assertThat(bash.nrPages(PageState.ANON_SOLE)).isPositive();
            assertAnonAgrees(bash);
        }
    }

    private static void assertAnonAgrees(Snapshot snapshot) {
        long rssAnonKb = snapshot.status().rssAnonKb();
        assertThat(snapshot.nrAnonPages() * 4).isBetween(rssAnonKb * 99 / 100, rssAnonKb * 101 / 100);
    }

    private static void assertFault(String text, int line, String reason) {
        assertThatThrownBy(() -> read(text))
                .asInstanceOf(type(SnapshotFormatException.class))
                .satisfies(e -> assertThat(e.line()).isEqualTo(line))
                .satisfies(e -> assertThat(e).hasMessageStartingWith("bad.cowsnap:" + line + ": ")
                        .hasMessageContaining(reason));
    }

    private static Snapshot read(String text) throws IOException {
        return SnapshotReader.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "bad.cowsnap");
    }
}
