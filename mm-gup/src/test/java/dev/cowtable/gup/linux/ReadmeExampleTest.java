package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The module alone, as the README shows it. */
class ReadmeExampleTest {
    @Test
    void pinnedPageStaysWithTheParent() {
        Kernel kernel = GupLab.kernel();
        MmStruct parent = GupLab.process(kernel, 1);
        long vaddr = GupLab.VADDR;
        // tag::readme
        Cpu cpu = kernel.machine().cpu(0);
        GupStrategy gup = kernel.gupStrategy();
        long[] pfns = new long[1];
        gup.getUserPagesFast(cpu, parent, vaddr, 1, FollFlags.PIN | FollFlags.WRITE | FollFlags.LONGTERM, pfns);
        assertThat(kernel.memMap().pageRefCount(pfns[0])).isEqualTo(1 + MemMap.PIN_BIAS);
        MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent)); // the child gets a copy at once
        kernel.userAccess().writeByte(cpu, parent, vaddr, 7); // no fault: what the device sees through the pin
        assertThat(cpu.memory().readByte(pfns[0] << 12)).isEqualTo((byte) 7);
        assertThat(kernel.userAccess().readByte(cpu, child, vaddr)).isEqualTo(1);
        gup.unpinUserPages(cpu, pfns, 1);
        // end::readme
    }
}
