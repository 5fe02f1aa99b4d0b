package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;

/** The ten-line example of the module. */
class ExampleTest {
    @Test
    void missingFlushIsVisible() {
        // tag::readme
        Machine machine = Machine.builder().memoryBytes(1L << 40).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        Cpu cpu = machine.cpu(0);
        long rights = Entry.P | Entry.RW | Entry.US;
        cpu.memory().write(0x1000, 0x2000 | rights); // PML4E -> PDPT
        cpu.memory().write(0x2000, 0x3000 | rights); // PDPTE -> PD
        cpu.memory().write(0x3000, 0x4000 | rights); // PDE -> PT
        cpu.memory().write(0x4000, 0x5000 | rights); // PTE -> page
        cpu.movToCr3(0x1000);
        cpu.writeByte(0x123, Access.USER, 42);
        cpu.memory().write(0x4000, 0); // unmapped, not flushed
        assertThat(cpu.readByte(0x123, Access.USER)).isEqualTo(42);
        cpu.invlpg(0x123);
        assertThat(Fault.describe(cpu.readByte(0x123, Access.USER))).isEqualTo("#PF(4: U)");
        // end::readme
    }
}
