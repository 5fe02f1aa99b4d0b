package dev.cowtable.mm.rmap;

import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.lock.LockOrderException;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How anon_vmas follow first writes, forks and exits; walks are in {@link RmapWalkTest}. */
class RmapTest {
    private final MmLab lab = new MmLab();
    private final Rmap rmap = lab.kernel.rmap();
    private final MemMap memMap = lab.kernel.memMap();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private AnonVma anonVma(MmStruct mm) {
        return Objects.requireNonNull(lab.vma(mm, 0).anonVma());
    }

    private void exit(MmStruct mm) {
        lab.kernel.exitMmap(lab.cpu, mm);
    }

    private void mapAndWrite() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
    }

    // ---------------------------------------------------------------- the first anon_vma

    @Test
    void firstWriteMakesARootThatCountsItself() {
        mapAndWrite();
        AnonVma root = anonVma(lab.mm);
        assertThat(root.root()).isSameAs(root);
        assertThat(root.numChildren()).isEqualTo(1);
        assertThat(root.numActiveVmas()).isEqualTo(1);
        assertThat(lab.vma(0).anonVmaChain()).containsExactly(root.chains().getFirst());
    }

    @Test
    void readMakesNone() {
        lab.map(0, 4, RW);
        lab.read(0);
        assertThat(lab.vma(0).anonVma()).isNull();
    }

    @Test
    void neighbourThatDiffersInRightsOnlyIsAskedForItsAnonVma() {
        lab.map(0, 4, RW);
        lab.map(4, 8, RW | VmFlags.EXEC);
        lab.map(9, 12, RW);
        lab.write(0, 1);
        lab.write(4, 2);
        lab.write(9, 3);
        AnonVma root = anonVma(lab.mm);
        assertThat(lab.vma(4).anonVma()).isSameAs(root);
        assertThat(lab.vma(9).anonVma()).isNotSameAs(root);
        assertThat(root.numActiveVmas()).isEqualTo(2);
    }

    @Test
    void upperNeighbourIsAskedAsWell() {
        lab.map(0, 4, RW | VmFlags.EXEC);
        lab.map(4, 8, RW);
        lab.write(4, 2);
        lab.write(0, 1);
        assertThat(lab.vma(0).anonVma()).isSameAs(lab.vma(4).anonVma());
    }

    @Test
    void inheritedAnonVmaIsNotGivenToANeighbour() {
        mapAndWrite();
        MmStruct child = lab.fork(lab.mm);
        lab.map(child, 4, 8, RW | VmFlags.EXEC);
        lab.write(child, 4, 2);
        assertThat(lab.vma(child, 4).anonVma()).isNotSameAs(anonVma(child));
        assertThat(lab.vma(child, 4).anonVmaChain()).hasSize(1);
    }

    @Test
    void neighboursAreLookedAtUnderMmapLockOnly() {
        lab.map(0, 4, RW);
        VmAreaStruct vma = lab.vma(0);
        assertThatThrownBy(() -> rmap.anonVmaPrepare(lab.cpu, vma)).isInstanceOf(LockOrderException.class);
        assertThat(vma.anonVma()).isNull();
    }

    // ---------------------------------------------------------------- clone at fork

    @Test
    void childIsLinkedToItsParentsAnonVmaAndItsOwn() {
        mapAndWrite();
        AnonVma root = anonVma(lab.mm);
        MmStruct child = lab.fork(lab.mm);
        AnonVma own = anonVma(child);
        assertThat(own).isNotSameAs(root);
        assertThat(lab.vma(child, 0).anonVmaChain()).extracting(AnonVmaChain::anonVma).containsExactly(own, root);
        assertThat(own.parent()).isSameAs(root);
        assertThat(root.numChildren()).isEqualTo(2);
        assertThat(own.numActiveVmas()).isEqualTo(1);
        assertThat(root.numActiveVmas()).isEqualTo(1);
    }

    @Test
    void grandchildIsLinkedToAllAncestorsNewestFirst() {
        mapAndWrite();
        MmStruct child = lab.fork(lab.mm);
        MmStruct grandchild = lab.fork(child);
        assertThat(lab.vma(grandchild, 0).anonVmaChain()).extracting(AnonVmaChain::anonVma)
                .containsExactly(anonVma(grandchild), anonVma(child), anonVma(lab.mm));
    }

    @Test
    void familyHasOneLock() {
        mapAndWrite();
        MmStruct grandchild = lab.fork(lab.fork(lab.mm));
        assertThat(anonVma(grandchild).rootLock()).isSameAs(anonVma(lab.mm).rootLock());
        lab.map(9, 10, RW);
        lab.write(9, 1);
        assertThat(Objects.requireNonNull(lab.vma(9).anonVma()).rootLock()).isNotSameAs(anonVma(lab.mm).rootLock());
    }

    @Test
    void vmaWithoutAnonVmaHandsNoneDown() {
        lab.map(0, 4, RW);
        assertThat(lab.vma(lab.fork(lab.mm), 0).anonVma()).isNull();
    }

    // root <- B (process gone) <- D: a child of D takes B over
    @Test
    void anonVmaThatNobodyUsesAndHasOneChildIsTakenOver() {
        mapAndWrite();
        MmStruct b = lab.fork(lab.mm);
        AnonVma anonVmaOfB = anonVma(b);
        MmStruct d = lab.fork(b);
        exit(b);
        assertThat(anonVmaOfB.numActiveVmas()).isZero();
        MmStruct e = lab.fork(d);
        assertThat(anonVma(e)).isSameAs(anonVmaOfB);
        assertThat(anonVmaOfB.numActiveVmas()).isEqualTo(1);
        assertThat(lab.vma(e, 0).anonVmaChain()).hasSize(3);
        lab.write(e, 0, 9);
        assertThat(lab.read(0)).isEqualTo(1);
    }

    // root <- B (process gone) <- D, E: two children keep B from being taken over
    @Test
    void anonVmaWithTwoChildrenIsNotTakenOver() {
        mapAndWrite();
        MmStruct b = lab.fork(lab.mm);
        AnonVma anonVmaOfB = anonVma(b);
        MmStruct d = lab.fork(b);
        lab.fork(b);
        exit(b);
        assertThat(anonVmaOfB.numChildren()).isEqualTo(2);
        MmStruct f = lab.fork(d);
        assertThat(anonVma(f)).isNotSameAs(anonVmaOfB);
        assertThat(lab.vma(f, 0).anonVmaChain()).hasSize(4);
    }

    // root <- B <- D: B's process lives, so its anon_vma has a user
    @Test
    void anonVmaInUseIsNotTakenOver() {
        mapAndWrite();
        MmStruct b = lab.fork(lab.mm);
        MmStruct d = lab.fork(b);
        MmStruct e = lab.fork(d);
        assertThat(anonVma(e)).isNotSameAs(anonVma(b));
        assertThat(lab.vma(e, 0).anonVmaChain()).hasSize(4);
    }

    @Test
    void rootIsNeverTakenOver() {
        mapAndWrite();
        AnonVma root = anonVma(lab.mm);
        MmStruct child = lab.fork(lab.mm);
        lab.munmap(0, 4);
        assertThat(root.numActiveVmas()).isZero();
        assertThat(anonVma(lab.fork(child))).isNotSameAs(root);
    }

    // ---------------------------------------------------------------- unlink

    @Test
    void exitedChildLeavesItsParentsAnonVmaAsItWas() {
        mapAndWrite();
        AnonVma root = anonVma(lab.mm);
        MmStruct child = lab.fork(lab.mm);
        VmAreaStruct vma = lab.vma(child, 0);
        exit(child);
        assertThat(root.chains()).hasSize(1);
        assertThat(root.numChildren()).isEqualTo(1);
        assertThat(vma.anonVma()).isNull();
        assertThat(vma.anonVmaChain()).isEmpty();
    }

    @Test
    void splitAddsAUserAndUnmappingTakesItBack() {
        mapAndWrite();
        AnonVma root = anonVma(lab.mm);
        lab.munmap(1, 2);
        assertThat(root.numActiveVmas()).isEqualTo(2);
        assertThat(root.chains()).hasSize(2);
        lab.munmap(2, 4);
        assertThat(root.numActiveVmas()).isEqualTo(1);
        assertThat(root.chains()).hasSize(1);
    }
}
