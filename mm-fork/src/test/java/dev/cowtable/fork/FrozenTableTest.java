package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** I3: a table with more than one share does not change, but for A. */
class FrozenTableTest {
    private final Kernel kernel = ForkLab.relaxed();
    private final Cpu cpu = kernel.machine().cpu(0);
    private final MmStruct parent = ForkLab.process(kernel, 8);
    private final MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent));

    @Test
    void entryChangedBehindTheSharersBackIsReported() {
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        long ptePaddr = ptePaddr(ForkLab.VADDR + 8 * 4096);
        cpu.memory().write(ptePaddr, Pte.mkspecial(Pte.make(kernel.zeroPfn(), Entry.P | Entry.US)));
        assertThat(new InvariantChecker(kernel).check()).anyMatch(v -> v.startsWith("I3 "));
    }

    @Test
    void accessedBitMayChange() {
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        cpu.memory().fetchAndAnd(ptePaddr(ForkLab.VADDR), ~Entry.A);
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
    }

    @Test
    void tableMayChangeAgainWhenItHasOneOwner() {
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        kernel.exitMmap(cpu, child);
        kernel.userAccess().writeByte(cpu, parent, ForkLab.VADDR, 2);
        MmStruct second = Objects.requireNonNull(kernel.fork(cpu, parent));
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
        kernel.exitMmap(cpu, second);
    }

    private long ptePaddr(long vaddr) {
        PageTables tables = kernel.pageTables();
        long pmd = cpu.memory().read(tables.pmdOffset(cpu, parent, vaddr));
        return PageTables.ptePaddr(Objects.requireNonNull(tables.desc(pmd)), vaddr);
    }
}
