package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.SampleFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CowtableTest {
    private static final String COW = "001-cow-parent-first";
    private static final String ZERO = "116-zero-page";
    private static final String UNBUILT = "121-ksm-unmerge";

    @TempDir
    private Path folder = Path.of("");

    private String out = "";
    private String err = "";

    @Test
    void oneFilesOutputGoesToStandardOutput() throws IOException {
        assertThat(run("litmus", sample(COW))).isZero();
        assertThat(out).isEqualTo(SampleFiles.expected(COW));
        assertThat(err).isEmpty();
    }

    @Test
    void severalFilesAreHeadedByTheirNames() throws IOException {
        sample(ZERO);
        sample(COW);
        assertThat(run("litmus", "--design", "relaxed", folder.toString())).isZero();
        assertThat(out).isEqualTo("== " + COW + "\n" + SampleFiles.expected(COW) + "== " + ZERO + "\n"
                + SampleFiles.expected(ZERO));
    }

    @Test
    void outputFilesAreWrittenAndNothingIsPrinted() throws IOException {
        Path into = folder.resolve("a/b");
        assertThat(run("litmus", "-o", into.toString(), sample(COW), sample(ZERO))).isZero();
        assertThat(out).isEmpty();
        assertThat(into.resolve(COW + ".out")).content().isEqualTo(SampleFiles.expected(COW));
        assertThat(into.resolve(ZERO + ".out")).content().isEqualTo(SampleFiles.expected(ZERO));
    }

    @Test
    void aFolderOfOutputThatCannotBeMadeIsBadInput() throws IOException {
        String file = sample(COW);
        assertThat(run("litmus", "-o", file, file)).isEqualTo(2);
        assertThat(err).startsWith("cowtable: cannot write " + file).hasLineCount(1);
    }

    @Test
    void aCheckThatPassesPrintsTheSummaryOnly() throws IOException {
        sample(COW);
        sample(UNBUILT);
        assertThat(run("litmus", "--check", folder.toString())).isZero();
        assertThat(out).isEqualTo("1 passed, 0 failed, 1 unsupported\n");
    }

    @Test
    void aCheckThatFailsShowsTheFirstDifference() throws IOException {
        String file = sample(COW);
        Files.writeString(folder.resolve(COW + ".expected"), SampleFiles.expected(COW).replace("v=21", "v=11"));
        assertThat(run("litmus", "--check", file)).isEqualTo(1);
        assertThat(out).isEqualTo(COW + ":33: difference\n  expected: 12| P1 read A+0 => ok v=11 min=0 maj=0\n"
                + "  got:      12| P1 read A+0 => ok v=21 min=0 maj=0\n0 passed, 1 failed, 0 unsupported\n");
    }

    @Test
    void aMissingRecordIsBadInputAndBeatsADifference() throws IOException {
        String file = sample(COW);
        Files.writeString(folder.resolve(COW + ".expected"), "");
        Files.delete(Path.of(sample(ZERO)).resolveSibling(ZERO + ".expected"));
        assertThat(run("litmus", "--check", file, folder.resolve(ZERO + ".txt").toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder.resolve(ZERO + ".expected") + ": no such file or folder\n");
        assertThat(out).endsWith("0 passed, 1 failed, 0 unsupported\n");
    }

    @Test
    void goodFilesRunBesideABadOne() throws IOException {
        String bad = folder.resolve("bad.txt").toString();
        Files.writeString(Path.of(bad), "# bad\nP0 mmap A pages=1\nP0 read B+0\n");
        assertThat(run("litmus", bad, sample(COW))).isEqualTo(2);
        assertThat(out).isEqualTo("== " + COW + "\n" + SampleFiles.expected(COW));
        assertThat(err).startsWith("cowtable: " + bad + ":3: ").hasLineCount(1);
    }

    @Test
    void missingFilesEmptyFoldersAndBinariesAreBadInput() throws IOException {
        assertThat(run("litmus", folder.resolve("no.txt").toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder.resolve("no.txt") + ": no such file or folder\n");
        assertThat(run("litmus", folder.toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder + ": no .txt file in this folder\n");
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {-1, -2});
        assertThat(run("litmus", binary.toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + binary + ": not UTF-8 text\n");
    }

    @Test
    void anUnknownDesignIsBadInput() throws IOException {
        assertThat(run("litmus", "--design", "magic", sample(COW))).isEqualTo(2);
        assertThat(err).startsWith("cowtable: no fork design is named 'magic'; there are [classic").hasLineCount(1);
        assertThat(out).isEmpty();
    }

    @Test
    void aTlbChangesNothingThatIsRecorded() throws IOException {
        for (String policy : new String[] {"none", "realistic", "adversarial"}) {
            assertThat(run("litmus", "--tlb", policy, "--check", sample(COW))).isZero();
        }
        assertThat(run("litmus", "--tlb", "perfect", sample(COW))).isEqualTo(2);
        assertThat(err).startsWith("cowtable: ").contains("perfect");
    }

    @Test
    void badUsageIsToldWithExitTwoAndHelpWithZero() {
        assertThat(run()).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: missing command\nTry 'cowtable --help'.\n");
        assertThat(run("dance")).isEqualTo(2);
        assertThat(run("litmus")).isEqualTo(2);
        assertThat(err).startsWith("cowtable: ").endsWith("Try 'cowtable litmus --help'.\n");
        assertThat(run("--help")).isZero();
        assertThat(out).contains("litmus", "designs", "snapshot");
        assertThat(run("litmus", "--help")).isZero();
        assertThat(run("--version")).isZero();
        assertThat(out).startsWith("cowtable ");
    }

    @Test
    void designsAreListedWithTheirGupFlavours() {
        assertThat(run("designs")).isZero();
        assertThat(out).contains("  classic  copies").contains("  relaxed  accounts")
                .contains("GUP flavours\n  linux  ");
    }

    /** Path of a copy of a recorded scenario, its record beside it. */
    private String sample(String name) throws IOException {
        Files.writeString(folder.resolve(name + ".expected"), SampleFiles.expected(name));
        return Files.writeString(folder.resolve(name + ".txt"), SampleFiles.read(name + ".txt")).toString();
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = Cowtable.run(new PrintWriter(outText), new PrintWriter(errText), args);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }
}
