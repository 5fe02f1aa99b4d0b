package dev.cowtable.suite.readme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The README's example of a design is a sound one. */
class EagerForkTest {
    private static final long VADDR = 0x2_0000_0000L;

    private final Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL)
            .executor(new SingleThreadExecutor()).build();
    private final Kernel kernel = new Kernel(machine,
            new Design(new EagerForkProvider(), Map.of(), Design.parse("classic").gup()));
    private final Cpu cpu = machine.cpu(0);

    @Test
    void parentAndChildAreApartFromTheStart() {
        MmStruct parent = process();
        MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent));
        assertThat(kernel.userAccess().writeByte(cpu, child, VADDR, 2)).isZero();
        assertThat(kernel.userAccess().writeByte(cpu, parent, VADDR + 4096, 3)).isZero();
        assertThat(kernel.userAccess().readByte(cpu, parent, VADDR)).isEqualTo(1);
        assertThat(kernel.userAccess().readByte(cpu, child, VADDR)).isEqualTo(2);
        assertThat(kernel.userAccess().readByte(cpu, child, VADDR + 4096)).isEqualTo(1);
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
    }

    @Test
    void forkThatFailsAtAnyAllocationLeavesNothingBehind() {
        MmStruct parent = process();
        for (int allowed = 0;; allowed++) {
            kernel.failures().failOnceAfter(allowed);
            MmStruct child = kernel.fork(cpu, parent);
            kernel.failures().off();
            assertThat(new InvariantChecker(kernel).check()).as("after %d allocations", allowed).isEmpty();
            if (child != null) {
                assertThat(allowed).isGreaterThan(3);
                return;
            }
        }
    }

    private MmStruct process() {
        MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, mm, VADDR, 4 * 4096, VmFlags.READ | VmFlags.WRITE, false);
        for (int page = 0; page < 4; page++) {
            kernel.userAccess().writeByte(cpu, mm, VADDR + page * 4096L, 1);
        }
        return mm;
    }
}
