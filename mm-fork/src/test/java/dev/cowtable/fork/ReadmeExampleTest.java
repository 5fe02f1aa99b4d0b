package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The module alone, as the README shows it. */
class ReadmeExampleTest {
    @Test
    void childSharesTheTableUntilItWrites() {
        Kernel kernel = ForkLab.relaxed();
        long vaddr = ForkLab.VADDR;
        // tag::readme
        Cpu cpu = kernel.machine().cpu(0);
        MmStruct parent = ForkLab.process(kernel, 512); // 512 written pages: one PTE table
        long tables = kernel.pageTables().physicalTables();
        MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent));
        assertThat(kernel.pageTables().physicalTables() - tables).isEqualTo(3); // top, PUD, PMD: no PTE table
        kernel.userAccess().writeByte(cpu, child, vaddr, 2);
        assertThat(kernel.counters().sum(Counter.TABLE_BROKEN)).isEqualTo(1); // now it has one of its own
        assertThat(kernel.userAccess().readByte(cpu, parent, vaddr)).isEqualTo(1);
        assertThat(kernel.userAccess().readByte(cpu, child, vaddr)).isEqualTo(2);
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        // end::readme
    }
}
