package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.lock.LockOrderException;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lock of one VMA, and how VMAs are found. */
class VmaLockTest {
    private final MmLab lab = new MmLab();
    private final Cpu cpu = lab.cpu;

    @BeforeEach
    void mapTwo() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
    }

    @AfterEach
    void noLockIsLeftHeld() {
        lab.assertConsistent();
    }

    @Test
    void readersAreKeptOutUntilMmapLockIsDropped() {
        VmAreaStruct vma = lab.vma(0);
        VmAreaStruct other = lab.vma(4);
        lab.mm.mmapWriteLock(cpu);
        vma.startWrite(cpu);
        assertThat(vma.isWriteLocked()).isTrue();
        assertThat(vma.startRead(cpu)).isFalse();
        assertThat(other.isWriteLocked()).isFalse();
        lab.mm.mmapWriteUnlock(cpu);
        assertThat(vma.isWriteLocked()).isFalse();
        assertThat(vma.startRead(cpu)).isTrue();
        vma.endRead(cpu);
    }

    @Test
    void writersHoldMmapLock() {
        VmAreaStruct vma = lab.vma(0);
        assertThatThrownBy(() -> vma.startWrite(cpu)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void unmappedVmaIsNotLockedAnyMore() {
        VmAreaStruct vma = lab.vma(0);
        lab.munmap(0, 2);
        assertThat(vma.startRead(cpu)).isFalse();
    }

    @Test
    void twoCpusReadAtOnce() {
        VmAreaStruct vma = lab.vma(0);
        Cpu other = lab.kernel.machine().cpu(1);
        assertThat(vma.startRead(cpu)).isTrue();
        assertThat(vma.startRead(other)).isTrue();
        vma.endRead(other);
        vma.endRead(cpu);
    }

    @Test
    void lookUpsAgreeAtTheEdges() {
        VmAreaStruct first = lab.vma(0);
        VmAreaStruct second = lab.vma(4);
        assertThat(lab.mm.vmaLookup(at(2) - 1)).isSameAs(first);
        assertThat(lab.mm.vmaLookup(at(2))).isNull();
        assertThat(lab.mm.findVma(at(2))).isSameAs(second);
        assertThat(lab.mm.findVma(at(6))).isNull();
        assertThat(lab.mm.previousVma(at(2))).isSameAs(first);
        assertThat(lab.mm.previousVma(at(2) - 1)).isNull();
    }

    @Test
    void pageOffsetsAndAddressesAreInverse() {
        VmAreaStruct vma = lab.vma(4);
        assertThat(vma.linearPageIndex(at(5))).isEqualTo(at(5) >>> 12);
        assertThat(vma.vmaAddress(vma.linearPageIndex(at(5)))).isEqualTo(at(5));
    }
}
