package dev.cowtable.suite.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** What the machine itself takes, measured by bundled C programs; what cannot be measured is one line. */
final class NativeFigures {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int MIB_FORKED = 1024;
    private static final int FORK_ROUNDS = 7;
    private static final String PAGES = "pages_";
    private static final String ONE_FRAME = "one_frame_";
    private static final String UNIT = "_kib_ns";
    static final List<String> MEMORY_SOURCES = List.of("memory/main.c", "memory/clock.c", "memory/ward.c",
            "memory/cgroup.c", "memory/swap.c", "memory/memory.h");
    private static final String MINIMUM = "_min";
    private static final String SKIPPED = "_skipped";
    private static final int MIB_USED = 64;
    private static final int MEMORY_ROUNDS = 7;
    private static final int QUICK_MIB_USED = 16;
    private static final int QUICK_MEMORY_ROUNDS = 3;
    private static final int QUICK_MIB_FORKED = 256;
    private static final int QUICK_FORK_ROUNDS = 3;
    private static final int MIB_TRANSLATED = 256;
    private static final int TRANSLATE_ROUNDS = 5;
    private static final int QUICK_MIB_TRANSLATED = 16;
    private static final int QUICK_ROUNDS = 2;

    private final PrintWriter out;
    private final boolean quick;

    NativeFigures(PrintWriter out, boolean quick) {
        this.out = out;
        this.quick = quick;
    }

    /** Loads through the CPU's own paging unit. */
    void printTranslation() throws IOException {
        String title = "this machine's CPU, " + cpuName(Path.of("/proc/cpuinfo"));
        Optional<NativeProgram> compiled =
                NativeProgram.compile("real_tlb.c", reason -> out.println(title + ": skipped, " + reason));
        if (compiled.isEmpty()) {
            return;
        }
        try (NativeProgram program = compiled.get()) {
            int mib = quick ? QUICK_MIB_TRANSLATED : MIB_TRANSLATED;
            int rounds = quick ? QUICK_ROUNDS : TRANSLATE_ROUNDS;
            out.println(title);
            printTranslation(program.run(LIMIT, Integer.toString(mib), Integer.toString(rounds)));
        } catch (IOException e) {
            out.println(title + ": skipped, real_tlb: " + e.getMessage());
        }
    }

    /** A line for each size. */
    void printTranslation(Map<String, String> figures) {
        out.println("  dependent load, 4 KiB pages, ns each           own frames  one frame for all");
        TreeSet<Integer> sizes = new TreeSet<>();
        for (String key : figures.keySet()) {
            if (key.startsWith(PAGES) && key.endsWith(UNIT)) {
                sizes.add(Integer.valueOf(key.substring(PAGES.length(), key.length() - UNIT.length())));
            }
        }
        for (int kib : sizes) {
            String oneFrame = figures.getOrDefault(ONE_FRAME + kib + UNIT, "");
            out.printf(Locale.ROOT, "  %-46s %9s  %9s%n", kib + " KiB in random order", figures.get(PAGES + kib + UNIT),
                    oneFrame.isEmpty() ? "-" : oneFrame);
        }
    }

    /** fork() and the write faults after it. */
    void printFork() throws IOException {
        Optional<NativeProgram> compiled = NativeProgram.compile("real_fork.c",
                reason -> out.println("this machine's kernel: skipped, " + reason));
        if (compiled.isEmpty()) {
            return;
        }
        try (NativeProgram program = compiled.get()) {
            int mib = quick ? QUICK_MIB_FORKED : MIB_FORKED;
            int rounds = quick ? QUICK_FORK_ROUNDS : FORK_ROUNDS;
            String title = "this machine's kernel, " + mib + " MiB, ns each";
            out.printf(Locale.ROOT, "%-46s    minimum     median%n", title);
            Map<String, String> figures = program.run(LIMIT, Integer.toString(mib), Integer.toString(rounds));
            for (String name : new String[] {"fork_ns_per_pte", "reuse_ns_per_fault", "copy_ns_per_fault"}) {
                out.printf(Locale.ROOT, "  %-46s %9s  %9s%n", name.replace('_', ' '),
                        figures.get(name + "_min"), figures.get(name + "_median"));
            }
        }
    }

    /** Faults, munmap(), swap and reclaim. */
    void printMemory() throws IOException {
        String title = "this machine's kernel, " + (quick ? QUICK_MIB_USED : MIB_USED) + " MiB, ns per page";
        Optional<NativeProgram> compiled = NativeProgram.compile(MEMORY_SOURCES, List.of(),
                reason -> out.println(title + ": skipped, " + reason), System.getenv("PATH"));
        if (compiled.isEmpty()) {
            return;
        }
        try (NativeProgram program = compiled.get()) {
            String folder = System.getProperty("java.io.tmpdir", ".");
            printMemory(title, program.run(LIMIT, folder, Integer.toString(quick ? QUICK_MIB_USED : MIB_USED),
                    Integer.toString(quick ? QUICK_MEMORY_ROUNDS : MEMORY_ROUNDS)));
        } catch (IOException e) {
            out.println(title + ": skipped, real_memory: " + e.getMessage());
        }
    }

    /** A line for each figure, and for each that could not be had. */
    void printMemory(String title, Map<String, String> figures) {
        out.printf(Locale.ROOT, "%-46s    minimum     median%n", title);
        figures.forEach((key, value) -> {
            if (key.endsWith(SKIPPED)) {
                out.println("  " + words(key, SKIPPED) + ": skipped, " + value);
            } else if (key.endsWith(MINIMUM)) {
                String name = key.substring(0, key.length() - MINIMUM.length());
                out.printf(Locale.ROOT, "  %-46s %9s  %9s%n", words(key, MINIMUM), value,
                        figures.getOrDefault(name + "_median", "-"));
            }
        });
    }

    private static String words(String key, String ending) {
        return key.substring(0, key.length() - ending.length()).replace('_', ' ');
    }

    /** The model as Linux tells it, or else the architecture. */
    static String cpuName(Path cpuInfo) throws IOException {
        if (Files.isReadable(cpuInfo)) {
            for (String line : Files.readAllLines(cpuInfo, StandardCharsets.UTF_8)) {
                int colon = line.indexOf(':');
                if (line.startsWith("model name") && colon >= 0) {
                    return line.substring(colon + 1).strip();
                }
            }
        }
        return System.getProperty("os.arch", "unknown");
    }
}
