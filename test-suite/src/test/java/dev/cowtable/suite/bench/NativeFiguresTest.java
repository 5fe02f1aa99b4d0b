package dev.cowtable.suite.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeFiguresTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final StringWriter text = new StringWriter();
    private final NativeFigures figures = new NativeFigures(new PrintWriter(text, true), true);

    @Test
    void sizesArePrintedInTheirOrderWithADashWhereOneFrameEnds() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("pages_1024_kib_ns", "3.30");
        values.put("pages_64_kib_ns", "1.40");
        values.put("one_frame_64_kib_ns", "2.50");
        figures.printTranslation(values);
        assertThat(text.toString().lines().map(line -> line.strip().replaceAll(" +", " "))).containsExactly(
                "dependent load, 4 KiB pages, ns each own frames one frame for all",
                "64 KiB in random order 1.40 2.50", "1024 KiB in random order 3.30 -");
    }

    @Test
    void everyFigureOfMemoryIsALineAndSoIsEveryOneThatCannotBeHad() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("unmap_shared_min", "35.50");
        values.put("unmap_shared_median", "44.60");
        values.put("swap_out_file_skipped", "no room for the swap space");
        figures.printMemory("memory", values);
        assertThat(text.toString().lines().map(line -> line.strip().replaceAll(" +", " "))).containsExactly(
                "memory minimum median", "unmap shared 35.50 44.60",
                "swap out file: skipped, no room for the swap space");
    }

    @Test
    void realMemoryTellsEachFigureOrWhyNotAndLeavesNoSwapSpace(@TempDir Path directory) throws IOException {
        try (NativeProgram program = NativeProgram.compile(NativeFigures.MEMORY_SOURCES, List.of("-Wall", "-Werror"),
                reason -> assumeTrue(false, reason), System.getenv("PATH")).orElseThrow()) {
            Map<String, String> values = program.run(LIMIT, directory.toString(), "2", "1");
            assertThat(values).containsKeys("write_min", "read_zero_median", "unmap_alone_min", "unmap_shared_min");
            values.forEach((key, value) -> {
                boolean time = key.endsWith("_min") || key.endsWith("_median");
                assertThat(time).isNotEqualTo(key.endsWith("_skipped"));
                assertThat(time && Double.parseDouble(value) <= 0 && !key.startsWith("reclaim_mapping")).isFalse();
            });
            boolean none = values.containsKey("swap_skipped");
            for (String name : new String[] {"swap_out_zram", "swap_out_file"}) {
                boolean told = values.containsKey(name + "_min") || values.containsKey(name + "_skipped");
                assertThat(told).isNotEqualTo(none);
            }
        }
        assertThat(directory).isEmptyDirectory();
        assertThat(Files.readString(Path.of("/proc/swaps"))).doesNotContain(directory.toString());
    }

    @Test
    void cpuHasTheNameThatLinuxTells(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("cpuinfo");
        Files.writeString(file, "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Other\n");
        assertThat(NativeFigures.cpuName(file)).isEqualTo("Some CPU @ 2 GHz");
    }

    @Test
    void cpuWithoutANameIsItsArchitecture(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("cpuinfo");
        assertThat(NativeFigures.cpuName(file)).isEqualTo(System.getProperty("os.arch"));
        Files.writeString(file, "processor\t: 0\n");
        assertThat(NativeFigures.cpuName(file)).isEqualTo(System.getProperty("os.arch"));
    }

    @Test
    void realTlbTellsATimeForEverySize() throws IOException {
        try (NativeProgram program = NativeProgram.compile("real_tlb.c", reason -> assumeTrue(false, reason))
                .orElseThrow()) {
            Map<String, String> values = program.run(LIMIT, "1", "1");
            assertThat(values).containsOnlyKeys("pages_64_kib_ns", "pages_256_kib_ns", "pages_1024_kib_ns",
                    "one_frame_64_kib_ns", "one_frame_256_kib_ns", "one_frame_1024_kib_ns");
            assertThat(values.values()).allSatisfy(ns -> assertThat(Double.parseDouble(ns)).isPositive());
        }
    }
}
