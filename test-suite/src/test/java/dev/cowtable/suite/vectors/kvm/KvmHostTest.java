package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.VectorScope;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a host, and what a guest on it may have. */
class KvmHostTest {
    private static final CpuModel WANTED = new CpuModel(Vendor.AMD, 40, false, false, false);

    @TempDir
    private Path root;

    @BeforeEach
    void makeProc() throws IOException {
        Files.createDirectories(root.resolve("proc/sys/kernel"));
        Files.writeString(root.resolve("proc/cpuinfo"), "vendor_id\t: X\nmodel name\t: A CPU @ 2 GHz\n");
        Files.writeString(root.resolve("proc/sys/kernel/osrelease"), "6.18.1-local\n");
        Files.createDirectories(root.resolve("module/kvm"));
    }

    @Test
    void nestedPagingMeansTheCpusOwnUnit() throws IOException {
        KvmHost host = hostWith("kvm_amd", "npt", "1");

        assertThat(host.hardware()).isTrue();
        assertThat(host.answers()).startsWith("kvm_amd, npt=1: ");
        assertThat(host.cpu()).isEqualTo("A CPU @ 2 GHz");
        assertThat(host.kernel()).isEqualTo("6.18.1");
    }

    @Test
    void shadowPagingIsNotTheCpusOwnUnit() throws IOException {
        assertThat(hostWith("kvm_intel", "ept", "N").hardware()).isFalse();
    }

    @Test
    void softwareAndUnknownKindsAreNamed() throws IOException {
        assertThat(host().answers()).isEqualTo("KVM of an unknown kind, modules [kvm]");

        Files.createDirectories(root.resolve("module/kvm_pvm"));
        assertThat(host().answers()).startsWith("kvm-pvm: CPL 0 in KVM's software emulator");
        assertThat(host().hardware()).isFalse();
    }

    @Test
    void hardwareKeepsItsOwnModel() throws IOException {
        VectorScope scope = KvmFeatures.offered(WANTED, offer(), hostWith("kvm_intel", "ept", "Y"), false);

        assertThat(scope.model()).isEqualTo(new CpuModel(Vendor.INTEL, 46, true, false, false));
        assertThat(scope.smep()).isTrue();
        assertThat(scope.smap()).isTrue();
        assertThat(scope.pke()).isTrue();
        assertThat(scope.pks()).isFalse();
        assertThat(KvmFeatures.missing(scope)).isEqualTo("PKS, 5-level paging");
    }

    @Test
    void softwareTakesTheWantedModel() {
        VectorScope scope = KvmFeatures.offered(WANTED, offer(), host(), true);

        assertThat(scope.model()).isEqualTo(WANTED);
        assertThat(KvmFeatures.missing(scope)).startsWith("1 GiB pages");
    }

    @Test
    void wantedModelIsWhatTheGuestIsTold() {
        GuestCpuid cpuid = offer();
        cpuid.set(WANTED);

        assertThat(cpuid.vendor()).isEqualTo(Vendor.AMD);
        assertThat(cpuid.maxPhyAddr()).isEqualTo(40);
        assertThat(cpuid.hasGigabytePages()).isFalse();
        assertThat(cpuid.hasNx()).isTrue();
    }

    private KvmHost hostWith(String module, String parameter, String value) throws IOException {
        Path parameters = Files.createDirectories(root.resolve("module").resolve(module).resolve("parameters"));
        Files.writeString(parameters.resolve(parameter), value + "\n");
        return host();
    }

    private KvmHost host() {
        return KvmHost.read(root.resolve("module"), root.resolve("proc"));
    }

    /** Leaves 0, 7, 80000001 and 80000008 of an Intel CPU that has all. */
    private static GuestCpuid offer() {
        int[][] leaves = {{0, 0x20, 0x756e_6547, 0x6c65_746e, 0x4965_6e69}, {7, 0, 1 << 7 | 1 << 20, 1 << 3, 0},
                {0x8000_0001, 0, 0, 0, 1 << 20 | 1 << 26}, {0x8000_0008, 0x3000 | 46, 0, 0, 0}};
        MemorySegment cpuid = Arena.ofAuto().allocate(8 + 40L * leaves.length, 8);
        cpuid.set(ValueLayout.JAVA_INT, 0, leaves.length);
        for (int i = 0; i < leaves.length; i++) {
            long at = 8 + 40L * i;
            cpuid.set(ValueLayout.JAVA_INT, at, leaves[i][0]);
            MemorySegment.copy(leaves[i], 1, cpuid, ValueLayout.JAVA_INT, at + 12, 4);
        }
        return new GuestCpuid(cpuid);
    }
}
