package dev.cowtable.suite.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What smaps decides where the kernel tells nothing better. */
final class SmapsDeductionTest {

    @ParameterizedTest(name = "Anonymous {0} kB")
    @CsvSource({"12, a A2", "24, a A2", "8, a f2", "4, a z2", "0, a z2"})
    void theAnonymousFigureDecidesWhatLooksShared(long anonymousKb, String expected) {
        PageRuns.Builder runs = new PageRuns.Builder().add(PageState.ANON_SOLE, 1).addRaw(Doubt.SMALL, 2);
        assertThat(Doubt.resolve(runs, vma(0x1000, 0x4000, "Anonymous: " + anonymousKb + " kB")).build())
                .hasToString(expected);
    }

    @Test
    void aHugePageBeyondAnonHugePagesIsTheHugeZeroPage() {
        PageRuns.Builder runs = new PageRuns.Builder().addRaw(Doubt.HUGE, 512);
        assertThat(Doubt.resolve(runs, vma(0x200000, 0x400000, "AnonHugePages: 0 kB")).build()).hasToString("Z512");
        assertThat(Doubt.resolve(runs, vma(0x200000, 0x400000, "AnonHugePages: 2048 kB")).build()).hasToString("H512");
    }

    @Test
    void onlyFullAlignedBlocksBecomeHugeAndOnlyAsManyAsCounted() {
        PageRuns.Builder runs = new PageRuns.Builder().add(PageState.ANON_SOLE, 1 + 1024 + 100);
        SmapsVma vma = vma(0x1ff000, 0x1ff000 + (1125L << 12), "AnonHugePages: 2048 kB");
        assertThat(HugeFromSmaps.apply(runs, vma).build()).hasToString("a h512 a612");
    }

    @Test
    void smapsTextIsTakenApart() {
        SmapsVma vma = vma(0x1000, 0x4000, "Swap:   8 kB");
        assertThat(vma.kb("Swap")).isEqualTo(8);
        assertThat(vma.kb("NotThere")).isZero();
        assertThat(vma.path()).isEqualTo("/a dir/lib (deleted)");
        assertThat(vma.offsetBytes()).isEqualTo(0x2000);
        assertThat(vma.vmFlags()).isEqualTo("rd,wr");
    }

    @ParameterizedTest
    @CsvSource({"/usr/lib/libc.so.6,FILE,libc.so.6", "[heap],HEAP,heap", "[stack],STACK,stack", "'',ANON,''",
            "[anon:my area],ANON,my area", "[vdso],SPECIAL,vdso", "/memfd:x (deleted),SHMEM,memfd:x",
            "/dev/zero (deleted),SHMEM,zero", "/a/b (deleted),FILE,b"})
    void pathsBecomeKindsAndShortNames(String path, VmaKind kind, String name) {
        assertThat(VmaKind.ofPath(path)).isEqualTo(kind);
        assertThat(VmaKind.shortName(path)).isEqualTo(name);
    }

    private static SmapsVma vma(long startVaddr, long endVaddr, String figure) {
        String header = Long.toHexString(startVaddr) + "-" + Long.toHexString(endVaddr)
                + " rw-p 00002000 fe:00 12                         /a dir/lib (deleted)";
        return SmapsVma.parse(List.of(header, figure, "VmFlags: rd wr ")).getFirst();
    }
}
