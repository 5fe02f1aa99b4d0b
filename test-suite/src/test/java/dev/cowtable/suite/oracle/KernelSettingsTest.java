package dev.cowtable.suite.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KernelSettingsTest {
    @TempDir
    private Path root = Path.of("");

    @Test
    void settingsAsInTheEmulatorAndUnknownOnesAreNoDifference() throws IOException {
        assertThat(KernelSettings.differences(root)).isEmpty();
        write("proc/sys/kernel/osrelease", "6.18.44-x");
        write("proc/swaps", "Filename Type Size Used Priority");
        write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never");
        write("sys/kernel/mm/transparent_hugepage/shmem_enabled", "always [never] force");
        write("sys/kernel/mm/transparent_hugepage/use_zero_page", "1");
        write("sys/kernel/mm/lru_gen/enabled", "0x0000");
        write("sys/module/zswap/parameters/enabled", "N");
        assertThat(KernelSettings.differences(root)).isEmpty();
    }

    @Test
    void eachSettingThatShowsIsTold() throws IOException {
        write("proc/sys/kernel/osrelease", "6.1.0-22-amd64");
        write("proc/swaps", "Filename Type Size Used Priority\n/swap file 1 0 -2");
        write("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never");
        write("sys/kernel/mm/transparent_hugepage/shmem_enabled", "[always] never");
        write("sys/kernel/mm/transparent_hugepage/use_zero_page", "0");
        write("sys/kernel/mm/lru_gen/enabled", "0x0007");
        write("sys/module/zswap/parameters/enabled", "Y");
        assertThat(KernelSettings.differences(root)).hasSize(7).contains("kernel 6.1.0-22-amd64, not 6.18.x",
                "the multi-generational LRU is on", "the machine has swap space of its own");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
    }
}
