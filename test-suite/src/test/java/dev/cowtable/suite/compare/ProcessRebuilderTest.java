package dev.cowtable.suite.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotReader;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProcessRebuilderTest {
    private final Lab lab = new Lab(Design.parse("classic"));

    private RebuiltProcess rebuilt(Snapshot snapshot) {
        RebuiltProcess process = ProcessRebuilder.rebuild(snapshot, lab);
        assertThat(new InvariantChecker(lab.kernel()).check()).isEmpty();
        return process;
    }

    @Test
    void aRebuiltShellHasTheRecordedTableBytesAndResidentPagesOfEachKind() throws IOException {
        RebuiltProcess process = rebuilt(Samples.shell());
        assertThat(process.sizes()).isEqualTo(RebuiltProcess.Sizes.of(process.snapshot().status()));
        assertThat(process.leftOut()).containsOnly(Map.entry(LeftOut.PAGES_SHARED_OUTSIDE, 48L),
                Map.entry(LeftOut.VMAS_OUTSIDE_USER_SPACE, 1L));
    }

    @Test
    void theShippedServerHasTheRecordedTableBytesAndResidentPagesOfEachKind() throws IOException {
        RebuiltProcess process = rebuilt(SnapshotReader.readShipped());
        assertThat(process.sizes()).isEqualTo(RebuiltProcess.Sizes.of(process.snapshot().status()));
        assertThat(lab.kernel().machine().memory().backedFrames()).as("frames that need an array: tables only")
                .isLessThan(1000);
    }

    @Test
    void recordedVmasStayApartAndKeepTheirFlags() {
        RebuiltProcess process = rebuilt(Samples.everyState());
        assertThat(process.mm().vmas()).hasSize(process.snapshot().vmas().size() - 1);
        assertThat(vma(process, 30).has(VmFlags.DONTCOPY)).isTrue();
        assertThat(vma(process, 32).has(VmFlags.WIPEONFORK)).isTrue();
        assertThat(vma(process, 40).has(VmFlags.PFNMAP)).isTrue();
        assertThat(vma(process, 24).anonVma()).isNotNull();
        assertThat(vma(process, 20).anonVma()).isNull();
    }

    private static VmAreaStruct vma(RebuiltProcess process, long mib) {
        VmAreaStruct vma = process.mm().vmaLookup(mib << 20);
        if (vma == null) {
            throw new AssertionError("no VMA at " + mib + " MiB");
        }
        return vma;
    }

    @Test
    void whatCannotBeRebuiltIsCountedByName() {
        RebuiltProcess process = rebuilt(Samples.everyState());
        assertThat(process.orderedLeftOut()).isEqualTo(Map.of(LeftOut.PAGES_SHARED_OUTSIDE, 514L,
                LeftOut.VMAS_OUTSIDE_USER_SPACE, 1L, LeftOut.ENTRIES_WITHOUT_PAGE, 2L, LeftOut.GUARD_MARKERS, 6L,
                LeftOut.UNREACHABLE_ZERO_PAGES, 1L, LeftOut.SHARED_SWAP_ENTRIES, 3L, LeftOut.HUGE_FILE_PAGES, 512L,
                LeftOut.HUGE_ZERO_PAGES, 512L, LeftOut.HUGE_PARTS, 7L, LeftOut.HUGETLB_PAGES, 512L));
        assertThat(process.sizes().rssAnonKb()).isEqualTo((3 + 2 + 1 + 1024 + 2 + 4 + 4 + 2) * 4);
        assertThat(process.sizes().rssFileKb()).isEqualTo(9 * 4);
        assertThat(process.sizes().rssShmemKb()).isEqualTo(10 * 4);
        assertThat(process.sizes().vmSwapKb()).isEqualTo(4 * 4);
    }

    @Test
    void permissionsStandInForMissingFlags() {
        assertThat(RecordedFlags.of(Samples.everyState().vmas().getFirst()))
                .isEqualTo(VmFlags.READ | VmFlags.WRITE | VmFlags.MAY_FLAGS | VmFlags.ACCOUNT);
        assertThat(RecordedFlags.of(Samples.withoutFlags("r-xs")))
                .isEqualTo(VmFlags.READ | VmFlags.EXEC | VmFlags.SHARED
                        | VmFlags.MAYSHARE | VmFlags.MAY_FLAGS);
        assertThat(RecordedFlags.of(Samples.withoutFlags("rw-p")))
                .isEqualTo(VmFlags.READ | VmFlags.WRITE | VmFlags.MAY_FLAGS | VmFlags.ACCOUNT);
    }
}
