package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;

/** The example of the README. */
class ExampleTest {
    @Test
    void twoAddressSpacesShareATableAndOneOfThemIsForgottenInTheFlush() {
        // tag::readme
        Machine machine = Machine.builder().memoryBytes(1L << 40).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        Cpu cpu = machine.cpu(0);
        long rights = Entry.P | Entry.RW | Entry.US;
        for (long root = 0x1000; root <= 0x11000; root += 0x10000) { // two address spaces
            cpu.memory().write(root, root + 0x1000 | rights); // PML4E -> a PDPT of its own
            cpu.memory().write(root + 0x1000, root + 0x2000 | rights); // PDPTE -> a PD of its own
            cpu.memory().write(root + 0x2000, 0x4000 | rights); // PDE -> the table that both share
        }
        cpu.memory().write(0x4000, 0x5000 | rights); // its PTE -> a page
        cpu.movToCr4(cpu.cr4() | Cr4.PCIDE);
        cpu.movToCr3(0x1000 | 1); // the first one, as PCID 1
        cpu.writeByte(0x123, Access.USER, 42);
        cpu.movToCr3(0x11000 | 2); // the second one, as PCID 2
        assertThat(cpu.readByte(0x123, Access.USER)).isEqualTo(42);
        cpu.memory().write(0x4000, 0); // unmapped for both ...
        cpu.invlpg(0x123); // ... and flushed for one
        assertThat(Fault.describe(cpu.readByte(0x123, Access.USER))).isEqualTo("#PF(4: U)");
        cpu.movToCr3(0x1000 | 1 | ControlRegisters.CR3_NO_FLUSH);
        assertThat(cpu.readByte(0x123, Access.USER)).isEqualTo(42); // stale, as on hardware
        cpu.invpcid(0, 1, 0x123);
        assertThat(Fault.describe(cpu.readByte(0x123, Access.USER))).isEqualTo("#PF(4: U)");
        // end::readme
    }
}
