package dev.cowtable.suite.vectors.kvm;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What stands behind {@code /dev/kvm} on this machine.
 *
 * @param answers which paging unit answers, in words
 * @param hardware whether it is the CPU's own, which no CPUID given to the guest changes
 */
record KvmHost(String answers, boolean hardware, String cpu, String kernel) {
    private static final String UNKNOWN = "unknown";
    private static final String PVM =
            "kvm-pvm: CPL 0 in KVM's software emulator and walker, CPL 3 natively over shadow tables";

    static KvmHost read() {
        return read(Path.of("/sys/module"), Path.of("/proc"));
    }

    static KvmHost read(Path modules, Path proc) {
        String cpu = cpuName(proc.resolve("cpuinfo"));
        String kernel = firstLine(proc.resolve("sys/kernel/osrelease")).split("-", 2)[0];
        if (Files.exists(modules.resolve("kvm_pvm"))) {
            return new KvmHost(PVM, false, cpu, kernel);
        }
        for (String[] kind : new String[][] {{"kvm_intel", "ept"}, {"kvm_amd", "npt"}}) {
            if (Files.exists(modules.resolve(kind[0]))) {
                String value = firstLine(modules.resolve(kind[0] + "/parameters/" + kind[1]));
                return ofHardware(kind[0], kind[1], value, cpu, kernel);
            }
        }
        return new KvmHost("KVM of an unknown kind, modules " + kvmModules(modules), false, cpu, kernel);
    }

    private static KvmHost ofHardware(String module, String parameter, String value, String cpu, String kernel) {
        String setting = module + ", " + parameter + "=" + value + ": ";
        return value.equals("Y") || value.equals("1")
                ? new KvmHost(setting + "the CPU's own paging unit walks the guest's tables", true, cpu, kernel)
                : new KvmHost(setting + "the CPU walks KVM's shadow tables, KVM's software walker judges faults", false,
                        cpu, kernel);
    }

    private static List<String> kvmModules(Path modules) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(modules, "kvm*")) {
            found.forEach(path -> names.add(path.getFileName().toString()));
        } catch (IOException e) {
            return List.of(UNKNOWN);
        }
        Collections.sort(names);
        return names;
    }

    private static String cpuName(Path cpuinfo) {
        try {
            for (String line : Files.readAllLines(cpuinfo)) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            return UNKNOWN;
        }
        return UNKNOWN;
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file).lines().findFirst().orElse(UNKNOWN).strip();
        } catch (IOException e) {
            return UNKNOWN;
        }
    }
}
