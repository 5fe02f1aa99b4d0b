package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.SampleFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class MatrixCommandTest {
    private static final String COW = "001-cow-parent-first";
    private static final String PINS = "026-pin-two-forks";
    private static final String UNBUILT = "121-ksm-unmerge";

    @TempDir
    private Path folder = Path.of("");

    private String out = "";
    private String err = "";

    @Test
    void rowsAreScenariosAndColumnsDesigns() throws IOException {
        sample(COW, SampleFiles.expected(COW));
        sample(UNBUILT, SampleFiles.expected(UNBUILT));
        assertThat(run("--designs", "classic;relaxed", folder.toString())).isZero();
        assertThat(out).contains(" 1  classic, claims exact\n 2  relaxed, claims exact\n");
        assertThat(out).containsPattern("(?m)^" + COW + " +pass +pass$");
        assertThat(out).containsPattern("(?m)^" + UNBUILT + " +unsupported +unsupported$");
        assertThat(out).containsPattern("(?m)^pass +1 +1$").containsPattern("(?m)^differs +0 +0$");
    }

    @Test
    void anotherCountIsToldFromAnotherByte() throws IOException {
        sample(COW, SampleFiles.expected(COW).replaceFirst("mc=1", "mc=9"));
        sample(PINS, SampleFiles.expected(PINS).replaceFirst("v=[0-9]+", "v=255"));
        assertThat(run("--designs", "classic", folder.toString())).isEqualTo(1);
        assertThat(out).containsPattern("(?m)^" + COW + " +bytes:[1-9]")
                .containsPattern("(?m)^" + PINS + " +differs:[1-9]");
        assertThat(out).contains("classic: " + PINS + ": got ");
    }

    @Test
    void designThatClaimsNoMoreThanBytesMayPrintOtherwise() throws IOException {
        sample(COW, SampleFiles.expected(COW));
        assertThat(run("--designs", "owner", folder.toString())).isZero();
        assertThat(out).containsPattern("(?m)^" + COW + " +bytes:[1-9]");
    }

    @Test
    void jsonNamesDesignsScenariosAndVerdicts() throws IOException {
        sample(COW, SampleFiles.expected(COW));
        assertThat(run("--json", "--designs", "relaxed", folder.toString())).isZero();
        assertThat(out).contains("\"version\": 1").contains("\"design\": \"relaxed\"").contains("\"keepsClaim\": true")
                .contains("\"scenario\": \"" + COW + "\"").contains("\"verdict\": \"pass\"");
    }

    @Test
    void allCombinationsOfOptionsAreColumnsUnlessDesignsAreNamed() throws IOException {
        sample(COW, SampleFiles.expected(COW));
        assertThat(run(folder.toString())).isZero();
        assertThat(out).contains("classic").contains("relaxed:pmd=marked,rmap=inplace,")
                .contains("relaxed:rmap=inplace,")
                .contains("relaxed:pmd=marked,").contains("relaxed,");
    }

    @Test
    void forkOfTheSeriesNeedsTheGupOfTheSeries() {
        assertThat(run("--gup", "--designs", "owner")).isZero();
        assertThat(out).containsPattern("(?m)^owner +unsound +sound +unsound$")
                .contains("owner with linux, shown by litmus/");
    }

    @Test
    void mistakesAreBadInput() throws IOException {
        assertThat(run("--designs", "nosuch")).isEqualTo(2);
        assertThat(err).contains("nosuch");
        Files.writeString(folder.resolve("x.txt"), "# x\nP0 mmap A pages=1\n");
        assertThat(run("--designs", "classic", folder.toString())).isEqualTo(2);
        assertThat(err).contains("x.expected");
        assertThat(run("--gup", "--designs", "classic", folder.toString())).isEqualTo(2);
    }

    private void sample(String name, String expected) throws IOException {
        Files.writeString(folder.resolve(name + ".txt"), SampleFiles.read(name + ".txt"));
        Files.writeString(folder.resolve(name + ".expected"), expected);
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "matrix";
        System.arraycopy(args, 0, all, 1, args.length);
        int exit = Cowtable.run(new PrintWriter(outText), new PrintWriter(errText), all);
        out = outText.toString();
        err = errText.toString();
        return exit;
    }
}
