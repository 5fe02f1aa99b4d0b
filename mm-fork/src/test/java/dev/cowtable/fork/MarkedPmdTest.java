package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code pmd=marked}: the PMD entries stay writable, and who shares is known to the table only. */
class MarkedPmdTest {
    private final ForkScene scene = new ForkScene(ForkLab.relaxed("break", "marked"));
    private final MmStruct parent = scene.process(4);
    private final MmStruct child = scene.fork(parent);

    @Test
    void forkSharesTheTableAndLeavesThePmdEntriesWritable() {
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(parent, 0).isShared()).isTrue();
        assertThat(scene.pmdIsWritable(parent, 0)).isTrue();
        assertThat(scene.pmdIsWritable(child, 0)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @Test
    void firstWriteBreaksTheTableAndTheOtherSideKeepsItsByte() {
        scene.write(child, 1, 7);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        assertThat(scene.read(child, 1)).isEqualTo(7);
        scene.assertKernelIsConsistent();
    }

    @Test
    void lastSharerTakesTheTableOverWithoutAChangeOfItsPmdEntry() {
        scene.exit(child);
        long pmd = scene.pmd(parent, 0) & ~Entry.A;
        scene.write(parent, 1, 7);
        assertThat(scene.count(Counter.TABLE_REOWNED)).isPositive();
        assertThat(scene.pmd(parent, 0) & ~Entry.A).isEqualTo(pmd);
        assertThat(scene.table(parent, 0).isShared()).isFalse();
        scene.assertKernelIsConsistent();
    }

    /** Where entries lose rights as well there is one flush for both; a table without writable entries is what tells. */
    @ParameterizedTest
    @ValueSource(strings = {"protected", "marked"})
    void flushIsOwedForAPmdEntryOnlyIfItIsProtected(String pmd) {
        ForkScene own = new ForkScene(ForkLab.relaxed("break", pmd));
        MmStruct mm = own.process(2);
        assertThat(own.kernel.memoryMap().mprotect(own.cpu, mm, ForkScene.vaddr(0), 8192, VmFlags.READ)).isZero();
        assertThat(own.pmdIsWritable(mm, 0)).isTrue();
        long before = own.count(Counter.TLB_FLUSH);
        own.fork(mm);
        assertThat(own.count(Counter.TLB_FLUSH) - before).isEqualTo(pmd.equals("marked") ? 0 : 1);
        own.assertKernelIsConsistent();
    }
}
