package dev.cowtable.suite.vectors.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorOracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class QemuProcessTest {
    @Test
    void withoutQemuThereIsOneLineWhy(@TempDir Path empty) {
        assertThatThrownBy(() -> QemuOracle.open(CpuModel.INTEL, empty.toString()))
                .isInstanceOf(OracleUnavailableException.class).hasMessage("no qemu-system-x86_64 on PATH");
        assertThatThrownBy(() -> QemuOracle.open(CpuModel.INTEL, null)).isInstanceOf(OracleUnavailableException.class);
    }

    @Test
    void aQemuThatRefusesIsToldByItsFirstLine(@TempDir Path directory) throws IOException {
        write(directory, "if [ \"$1\" = --version ]; then echo QEMU 0; else echo no such machine; exit 1; fi");
        assertThatThrownBy(() -> QemuOracle.open(CpuModel.INTEL, directory.toString()))
                .isInstanceOf(OracleUnavailableException.class)
                .hasMessageMatching("the QEMU guest does not answer: no such machine|.*compiler.*|.*cannot compile.*");
    }

    @Test
    void aQemuThatTellsNoVersionIsNotUsed(@TempDir Path directory) throws IOException {
        write(directory, "exit 1");
        assertThatThrownBy(() -> QemuOracle.open(CpuModel.INTEL, directory.toString()))
                .isInstanceOf(OracleUnavailableException.class)
                .hasMessage("qemu-system-x86_64 does not tell its version");
    }

    @Test
    void closingEndsQemuWhoseRamHasNoNameAnyMore() throws IOException {
        VectorOracle oracle = OpenQemu.with(36, false);
        List<ProcessHandle> running = qemus();
        assertThat(running).isNotEmpty();
        for (ProcessHandle qemu : running) {
            assertThat(Files.readString(Path.of("/proc", Long.toString(qemu.pid()), "maps")))
                    .containsPattern("cowtable-guest.* \\(deleted\\)");
        }
        oracle.close();
        oracle.close();
        assertThat(running).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void aGuestThatDiesIsAnException() throws IOException {
        try (VectorOracle oracle = OpenQemu.with(36, false)) {
            qemus().forEach(ProcessHandle::destroyForcibly);
            assertThatThrownBy(() -> oracle.perform(List.of(Shape.user(VectorAccess.R).build())))
                    .isInstanceOf(IOException.class).hasMessageStartingWith("the QEMU guest has stopped answering");
        }
    }

    private static List<ProcessHandle> qemus() {
        return ProcessHandle.current().children()
                .filter(child -> child.info().command().orElse("").contains("qemu-system-x86_64")).toList();
    }

    private static void write(Path directory, String script) throws IOException {
        Path program = directory.resolve("qemu-system-x86_64");
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
