package dev.cowtable.suite.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the running kernel is set up, against what the emulator models. */
public final class KernelSettings {
    private static final String MODELLED = "6.18.";
    private static final String THP = "sys/kernel/mm/transparent_hugepage/";

    private final Path root;
    private final List<String> differences = new ArrayList<>();

    private KernelSettings(Path root) {
        this.root = root;
    }

    /**
     * What differs in a way that shows in scenarios, each in a few words; what cannot be read does not count.
     *
     * @param root folder that holds proc and sys
     */
    public static List<String> differences(Path root) {
        KernelSettings settings = new KernelSettings(root);
        settings.look();
        return List.copyOf(settings.differences);
    }

    private void look() {
        String release = text("proc/sys/kernel/osrelease");
        if (!release.isEmpty() && !release.startsWith(MODELLED)) {
            differences.add("kernel " + release + ", not " + MODELLED + "x");
        }
        expect(THP + "enabled", "[madvise]", "transparent huge pages are not [madvise]");
        expect(THP + "shmem_enabled", "[never]", "huge pages of shmem are not [never]");
        expect(THP + "use_zero_page", "1", "no huge zero page");
        expect("sys/kernel/mm/lru_gen/enabled", "0x0000", "the multi-generational LRU is on");
        expect("sys/module/zswap/parameters/enabled", "N", "zswap is on");
        if (text("proc/swaps").lines().count() > 1) {
            differences.add("the machine has swap space of its own");
        }
    }

    private void expect(String file, String part, String otherwise) {
        String text = text(file);
        if (!text.isEmpty() && !text.contains(part)) {
            differences.add(otherwise);
        }
    }

    private String text(String file) {
        try {
            return Files.readString(root.resolve(file)).strip();
        } catch (IOException _) {
            return "";
        }
    }
}
