package dev.cowtable.mm.fork;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which VMAs and tables a child gets; entries are in {@link ForkEntriesTest}, failures in {@link ForkFailureTest}. */
class DupMmapTest {
    private static final long PRIVATE_RO = RO | VmFlags.MAY_FLAGS;

    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();
    private final OpaquePages opaque = new OpaquePages(lab.kernel);

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- VMAs

    @Test
    void childHasTheSameVmas() {
        lab.map(0, 4, RW);
        lab.map(4, 6, RO);
        lab.map(8, 9, 0);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.picture(child, 9)).isEqualTo("wwww|rr..-").isEqualTo(lab.picture(9));
        assertThat(lab.vma(child, 4)).isNotSameAs(lab.vma(4));
        assertThat(lab.vma(child, 4).pgoff()).isEqualTo(lab.vma(4).pgoff());
    }

    @Test
    void dontcopyVmaIsMissingInTheChild() {
        lab.mapFlags(0, 2, RW | VmFlags.MAY_FLAGS | VmFlags.DONTCOPY, null, at(0) >>> 12);
        lab.map(2, 4, RW);
        lab.write(0, 1);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.picture(child, 4)).isEqualTo("..ww");
        assertThat(lab.faultOfRead(child, 0)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
    }

    @Test
    void wipedVmaIsEmptyInTheChildAndStaysSo() {
        lab.mapFlags(0, 2, RW | VmFlags.MAY_FLAGS | VmFlags.WIPEONFORK, null, at(0) >>> 12);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.vma(child, 0).anonVma()).isNull();
        assertThat(lab.vma(child, 0).has(VmFlags.WIPEONFORK)).isTrue();
        assertThat(lab.read(child, 0)).isZero();
        assertThat(lab.read(0)).isEqualTo(7);
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
    }

    @Test
    void childLocksNoMemory() {
        lab.mapFlags(0, 2, RW | VmFlags.MAY_FLAGS | VmFlags.LOCKED | VmFlags.LOCKONFAULT, null, 0);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.vma(child, 0).has(VmFlags.LOCKED | VmFlags.LOCKONFAULT)).isFalse();
        assertThat(lab.vma(0).has(VmFlags.LOCKED)).isTrue();
    }

    // ---------------------------------------------------------------- which VMAs are copied

    @Test
    void vmaThatWasNeverWrittenIsNotCopied() {
        lab.map(0, 4, RW);
        lab.read(0);
        MmStruct child = lab.fork(lab.mm);
        assertThat(child.pgtablesBytes()).isZero();
        assertThat(lab.count(Counter.FORK_ENTRY_VISITED)).isZero();
    }

    @Test
    void vmaWithAnAnonVmaIsCopiedWithItsZeroPages() {
        lab.map(0, 4, RW);
        lab.read(0);
        lab.write(1, 1);
        MmStruct child = lab.fork(lab.mm);
        assertThat(Pte.isSpecial(lab.pte(child, 0))).isTrue();
        assertThat(lab.count(Counter.FORK_ENTRY_VISITED)).isEqualTo(4);
    }

    @Test
    void filePagesAreLeftToFaultsUnlessTheVmaHasPagesOfItsOwn() {
        AddressSpace file = new AddressSpace("lib", false);
        lab.mapFlags(0, 2, PRIVATE_RO, file, 0);
        lab.mapFlags(512, 514, PRIVATE_RO | VmFlags.MIXEDMAP, file, 9);
        opaque.installFilePage(lab.cpu, lab.vma(0), at(0));
        opaque.installFilePage(lab.cpu, lab.vma(512), at(512));
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pte(child, 0)).isEqualTo(Pte.NONE);
        assertThat(lab.pfn(child, 512)).isEqualTo(lab.pfn(512));
        assertThat(child.rss(Rss.FILEPAGES)).isEqualTo(1);
        assertThat(memMap.mapcount(lab.pfn(512))).isEqualTo(2);
    }

    // ---------------------------------------------------------------- contents, flushes, locks

    @Test
    void writesOfEitherSideStayThere() {
        lab.map(0, 2, RW);
        lab.write(0, 1);
        lab.write(1, 2);
        MmStruct child = lab.fork(lab.mm);
        lab.write(0, 10);
        lab.write(child, 1, 20);
        assertThat(lab.read(0) * 100 + lab.read(1)).isEqualTo(1002);
        assertThat(lab.read(child, 0) * 100 + lab.read(child, 1)).isEqualTo(120);
    }

    @Test
    void staleWriteRightOfAnotherCpuIsFlushedOncePerFork() {
        Cpu other = lab.kernel.machine().cpu(1);
        lab.map(0, 600, RW);
        lab.write(0, 1);
        lab.write(599, 1);
        lab.kernel.userAccess().writeByte(other, lab.mm, at(0), 7);
        long flushes = lab.count(Counter.TLB_FLUSH);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.count(Counter.TLB_FLUSH)).isEqualTo(flushes + 1);
        lab.kernel.userAccess().writeByte(other, lab.mm, at(0), 8);
        assertThat(lab.read(child, 0)).isEqualTo(7);
    }

    @Test
    void forkThatTakesNoRightAwayFlushesNothing() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
        lab.fork(lab.mm);
        long flushes = lab.count(Counter.TLB_FLUSH);
        lab.fork(lab.mm);
        assertThat(lab.count(Counter.TLB_FLUSH)).isEqualTo(flushes);
    }

    @Test
    void everyVmaIsCopiedInAWriteProtectSection() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        int before = lab.mm.writeProtectSeq().rawRead(lab.cpu);
        lab.fork(lab.mm);
        int after = lab.mm.writeProtectSeq().rawRead(lab.cpu);
        assertThat(before % 2).isZero();
        assertThat(after).isEqualTo(before + 4);
    }

    @Test
    void vmasOfBothSidesAreOpenToFaultsAgain() {
        lab.map(0, 2, RW);
        lab.write(0, 1);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.vma(0).isWriteLocked() || lab.vma(child, 0).isWriteLocked()).isFalse();
    }
}
