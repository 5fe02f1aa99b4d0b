package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.LockOrderException;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;

class PtDescTest {
    private final Lockdep lockdep = new Lockdep(1);
    private final MmStruct parent = new MmStruct(0, 0x1000, lockdep);
    private final MmStruct child = new MmStruct(1, 0x2000, lockdep);
    private final MmStruct grandchild = new MmStruct(2, 0x3000, lockdep);
    private final PtDesc table = new PtDesc(77, 1, lockdep);

    @Test
    void newTableHasOneShareAndNobodyWhoReachesIt() {
        assertThat(table.paddr()).isEqualTo(77 << 12);
        assertThat(table.shareCount()).isEqualTo(1);
        assertThat(table.sharerCount()).isZero();
        assertThat(table.isShared()).isFalse();
    }

    @Test
    void ownerReachesItsTableWithoutSharingIt() {
        table.setOwner(parent, 0xa8);
        assertThat(table.isSharedBy(parent)).isTrue();
        assertThat(table.sharer(0)).isSameAs(parent);
        assertThat(table.pmdPaddrOf(0)).isEqualTo(0xa8);
        assertThat(table.shareCount()).isEqualTo(1);
        assertThat(table.isShared()).isFalse();
    }

    @Test
    void eachSharerAddsAShareAndItsWayToTheTable() {
        table.setOwner(parent, 0xa8);
        table.addSharer(child, 0xb8);
        table.addSharer(grandchild, 0xc8);
        assertThat(table.isShared()).isTrue();
        assertThat(table.shareCount()).isEqualTo(3);
        assertThat(table.sharerCount()).isEqualTo(3);
        assertThat(table.pmdPaddrOf(1)).isEqualTo(0xb8);
        assertThat(table.sharer(2)).isSameAs(grandchild);
        assertThat(table.pmdPaddrOf(2)).isEqualTo(0xc8);
    }

    @Test
    void sharerInTransitIsStillCountedInShares() {
        table.setOwner(parent, 0xa8);
        table.addSharer(child, 0xb8);
        table.removeSharer(child);
        assertThat(table.sharerCount()).isEqualTo(1);
        assertThat(table.shareCount()).isEqualTo(2);
        assertThatThrownBy(table::reown).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("re-owned with share count 2");
        assertThat(table.dropShare()).isFalse();
        assertThat(table.isShared()).isTrue();
    }

    @Test
    void sharersThatStayKeepTheirOwnWayToTheTable() {
        table.setOwner(parent, 0xa8);
        table.addSharer(child, 0xb8);
        table.addSharer(grandchild, 0xc8);
        table.removeSharer(parent);
        assertThat(table.isSharedBy(parent)).isFalse();
        for (int i = 0; i < 2; i++) {
            assertThat(table.pmdPaddrOf(i)).isEqualTo(table.sharer(i) == child ? 0xb8 : 0xc8);
        }
    }

    @Test
    void onlySharerLeftMakesTheTableItsOwn() {
        table.setOwner(parent, 0xa8);
        table.addSharer(child, 0xb8);
        table.removeSharer(parent);
        table.dropShare();
        table.reown();
        assertThat(table.isShared()).isFalse();
        assertThat(table.sharer(0)).isSameAs(child);
        assertThat(table.pmdPaddrOf(0)).isEqualTo(0xb8);
    }

    @Test
    void lastShareIsTheOneThatTellsItsDropperToFree() {
        table.setOwner(parent, 0xa8);
        table.addSharer(child, 0xb8);
        assertThat(table.dropShare()).isFalse();
        assertThat(table.dropShare()).isTrue();
        assertThatThrownBy(table::dropShare).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("fell below 0");
    }

    @Test
    void strangerCannotBeRemoved() {
        table.setOwner(parent, 0xa8);
        assertThatThrownBy(() -> table.removeSharer(child)).isInstanceOf(IllegalStateException.class)
                .hasMessage("mm 1 does not share the table in frame 77");
    }

    @Test
    void pteTableIsLockedInsideItsPmdTableAndNotAroundIt() {
        Cpu cpu = Machine.builder().build().cpu(0);
        PtDesc pmdTable = new PtDesc(78, 2, lockdep);
        pmdTable.ptl().lock(cpu);
        table.ptl().lock(cpu);
        pmdTable.ptl().unlock(cpu);
        assertThatThrownBy(() -> pmdTable.ptl().lock(cpu)).isInstanceOf(LockOrderException.class);
    }
}
