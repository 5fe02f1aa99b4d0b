package dev.cowtable.suite.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotRoundTripTest {

    /** One VMA before it has an address: gap to the one before, runs, and the rest. */
    private record Part(long gapPages, PageRuns pages, String perms, VmaKind kind, String flags, String name,
            boolean anonVma) {
    }

    @Property(tries = 300)
    void whatWasWrittenIsReadBack(@ForAll("snapshots") Snapshot snapshot) throws IOException {
        assertThat(throughText(snapshot, "x.cowsnap")).isEqualTo(snapshot);
    }

    @Property(tries = 30)
    void whatWasPackedIsReadBack(@ForAll("snapshots") Snapshot snapshot) throws IOException {
        assertThat(throughText(snapshot, "x.cowsnap.gz")).isEqualTo(snapshot);
    }

    @Property(tries = 300)
    void runsAddUpToTheirStates(@ForAll("runs") PageRuns runs) {
        long sum = 0;
        for (PageState state : PageState.values()) {
            sum += runs.nrPages(state);
        }
        assertThat(sum).isEqualTo(runs.totalPages());
        for (int i = 1; i < runs.nrRuns(); i++) {
            assertThat(runs.state(i)).isNotEqualTo(runs.state(i - 1));
        }
    }

    @Test
    void aFileIsPackedByItsName(@TempDir Path directory) throws IOException {
        Snapshot shipped = SnapshotReader.readShipped();
        Path plain = directory.resolve("a.cowsnap");
        Path packed = directory.resolve("a.cowsnap.gz");
        SnapshotWriter.write(shipped, plain);
        SnapshotWriter.write(shipped, packed);
        assertThat(Files.size(packed)).isLessThan(Files.size(plain) / 2);
        assertThat(SnapshotReader.read(packed)).isEqualTo(shipped).isEqualTo(SnapshotReader.read(plain));
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(plain, packed);
        }
    }

    private static Snapshot throughText(Snapshot snapshot, String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SnapshotWriter.write(snapshot, out, name);
        return SnapshotReader.read(new ByteArrayInputStream(out.toByteArray()), name);
    }

    @Provide
    Arbitrary<PageRuns> runs() {
        Arbitrary<PageState> states = Arbitraries.of(PageState.class);
        Arbitrary<Long> counts = Arbitraries.longs().between(1, 1L << 20);
        return Combinators.combine(states.list().ofMinSize(1).ofMaxSize(60), counts.list().ofSize(60))
                .as((s, n) -> {
                    PageRuns.Builder runs = new PageRuns.Builder();
                    for (int i = 0; i < s.size(); i++) {
                        runs.add(s.get(i), n.get(i));
                    }
                    return runs.build();
                });
    }

    @Provide
    Arbitrary<Snapshot> snapshots() {
        Arbitrary<List<SnapshotVma>> vmas = parts().list().ofMaxSize(8).map(SnapshotRoundTripTest::place);
        Arbitrary<SnapshotStatus> status =
                Arbitraries.longs().greaterOrEqual(0).list().ofSize(7).map(v -> new SnapshotStatus(v.get(0), v.get(1),
                        v.get(2), v.get(3), v.get(4), v.get(5), v.get(6), v.get(0) > 9));
        return Combinators.combine(names(), Arbitraries.of("6.18.44", "5.4", "unknown"), Arbitraries.of(KnownBy.class),
                Arbitraries.of(KnownBy.class), Arbitraries.of(true, false), status, vmas).as(Snapshot::new);
    }

    private Arbitrary<Part> parts() {
        return Combinators.combine(Arbitraries.longs().between(0, 1000), runs(),
                Arbitraries.of("r--p", "rw-p", "rwxs", "---p"), Arbitraries.of(VmaKind.class),
                Arbitraries.of("", "rd", "rd,wr,mr,mw", "??"), names(), Arbitraries.of(true, false)).as(Part::new);
    }

    /** Any text without control characters: blanks, '#' and letters from afar included. */
    private static Arbitrary<String> names() {
        return Arbitraries.strings().withCharRange(' ', '~').withChars('#', ' ', '\u00e4', '\u4e2d', '\u2028')
                .ofMaxLength(16);
    }

    private static List<SnapshotVma> place(List<Part> parts) {
        List<SnapshotVma> vmas = new ArrayList<>();
        long vaddr = 0x10000;
        for (Part part : parts) {
            long startVaddr = vaddr + (part.gapPages() << SnapshotVma.PAGE_SHIFT);
            vaddr = startVaddr + (part.pages().totalPages() << SnapshotVma.PAGE_SHIFT);
            vmas.add(new SnapshotVma(startVaddr, vaddr, part.perms(), part.gapPages() << SnapshotVma.PAGE_SHIFT,
                    part.kind(), part.anonVma() || part.pages().needsAnonVma(), part.flags(), part.name(),
                    part.pages()));
        }
        return vmas;
    }
}
