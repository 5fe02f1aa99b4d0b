package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Asks a QEMU who it is. */
final class QemuVersion {
    private QemuVersion() {
    }

    /** Such as {@code QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)}. */
    static String of(Path program) throws IOException, OracleUnavailableException {
        Process process = new ProcessBuilder(program.toString(), "--version")
                .redirectError(ProcessBuilder.Redirect.DISCARD).redirectInput(new File("/dev/null")).start();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            @Nullable String line = reader.readLine();
            if (line == null) {
                throw new OracleUnavailableException(program.getFileName() + " does not tell its version");
            }
            return line;
        } finally {
            process.destroyForcibly();
        }
    }
}
