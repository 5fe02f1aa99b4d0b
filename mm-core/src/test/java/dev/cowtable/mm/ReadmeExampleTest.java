package dev.cowtable.mm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The module alone, as the README shows it. */
class ReadmeExampleTest {
    @Test
    void writeMakesAPageAndUnmappingTakesItAway() {
        Kernel kernel = TestDesign.kernel(TlbPolicy.ADVERSARIAL);
        // tag::readme
        Cpu cpu = kernel.machine().cpu(0);
        MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
        long vaddr = 0x2_0000_0000L;
        kernel.memoryMap().mmapAnonymous(cpu, mm, vaddr, 8 * 4096, VmFlags.READ | VmFlags.WRITE, false);
        kernel.userAccess().writeByte(cpu, mm, vaddr, 42); // the CPU faults, the kernel maps a page, the CPU tries again
        assertThat(kernel.counters().sum(Counter.FAULT_MINOR)).isEqualTo(1);
        assertThat(mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(mm.pgtablesBytes()).isEqualTo(3 * 4096); // one table each of three levels
        kernel.memoryMap().munmap(cpu, mm, vaddr, 8 * 4096);
        assertThat(UserAccess.faultOf(kernel.userAccess().readByte(cpu, mm, vaddr))).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        // end::readme
    }
}
