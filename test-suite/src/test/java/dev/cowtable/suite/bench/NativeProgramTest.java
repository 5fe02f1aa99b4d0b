package dev.cowtable.suite.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeProgramTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void realForkTellsItsTablesAndTimes() throws IOException {
        Path executable;
        try (NativeProgram program = realFork()) {
            executable = program.executable();
            Map<String, String> values = program.run(LIMIT, "4", "3");
            assertThat(values).containsEntry("pages", "1024").containsEntry("rounds", "3").containsKeys(
                    "base_ns_min", "base_ns_median", "fork_ns_min", "fork_ns_median", "fork_ns_per_pte_min",
                    "fork_ns_per_pte_median", "touch_ns_per_fault", "reuse_ns_per_fault_min", "copy_ns_per_fault_min");
            assertThat(Long.parseLong(values.getOrDefault("parent_vmpte_kb", "0"))).isBetween(20L, 1000L);
            assertThat(Long.parseLong(values.getOrDefault("child_vmpte_kb", "0"))).isBetween(20L, 1000L);
        }
        assertThat(executable.getParent()).doesNotExist();
    }

    @Test
    void aProgramThatFailsIsToldByItsFirstLine() throws IOException {
        try (NativeProgram program = realFork()) {
            assertThatThrownBy(() -> program.run(LIMIT, "0")).isInstanceOf(IOException.class)
                    .hasMessageStartingWith("usage: real_fork");
        }
    }

    @Test
    void withoutACompilerThereIsAReasonAndNoProgram(@TempDir Path empty) throws IOException {
        List<String> reasons = new ArrayList<>();
        assertThat(NativeProgram.compile("real_fork.c", reasons::add, empty.toString())).isEmpty();
        assertThat(NativeProgram.compile("real_fork.c", reasons::add, null)).isEmpty();
        assertThat(reasons).hasSize(2).containsOnly("no C compiler (cc, gcc, clang) on PATH");
    }

    @Test
    void aCompilerThatFailsGivesItsFirstComplaint(@TempDir Path directory) throws IOException {
        Path compiler = directory.resolve("cc");
        Files.writeString(compiler, "#!/bin/sh\necho out of order\nexit 1\n");
        Files.setPosixFilePermissions(compiler, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> reasons = new ArrayList<>();
        assertThat(NativeProgram.compile("real_fork.c", reasons::add, directory.toString())).isEmpty();
        assertThat(reasons).containsExactly("cc cannot compile real_fork.c: out of order");
    }

    private static NativeProgram realFork() throws IOException {
        Optional<NativeProgram> program = NativeProgram.compile("real_fork.c", reason -> assumeTrue(false, reason));
        return program.orElseThrow();
    }
}
