package dev.cowtable.mm.tlb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.Test;

class FlushDebtTest {
    private final MmStruct mm = new MmStruct(3, 0x1000, new Lockdep(1));
    private final FlushDebt debt = new FlushDebt(mm);

    @Test
    void debtOfNothingHoldsNothingUp() {
        debt.requireSettled("the end");
        assertThat(debt.isOwed()).isFalse();
        assertThat(mm.tlbFlushPending()).isZero();
    }

    @Test
    void whatMustComeAfterTheFlushIsRefusedByName() {
        debt.owe(0x5000, 0x7000);
        assertThatThrownBy(() -> debt.requireSettled("the share is dropped"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("flush of mm3 [0x5000, 0x7000) is still owed before the share is dropped");
        debt.clear();
        debt.requireSettled("the share is dropped");
    }

    @Test
    void twoRangesAreOwedAsTheOneThatCoversBoth() {
        debt.owe(0x9000, 0xa000);
        debt.owe(0x2000, 0x3000);
        debt.owe(0x4000, 0x5000);
        assertThat(debt.startVaddr()).isEqualTo(0x2000);
        assertThat(debt.endVaddr()).isEqualTo(0xa000);
    }

    @Test
    void rangeOfASettledDebtIsForgotten() {
        debt.owe(0x9000, 0xa000);
        debt.clear();
        debt.owe(0x2000, 0x3000);
        assertThat(debt.endVaddr()).isEqualTo(0x3000);
    }

    @Test
    void structureStaysOwedThoughALeafFollowsAndIsForgottenOnceSettled() {
        debt.oweStructure(0, 0x20_0000);
        debt.owe(0x20_0000, 0x20_1000);
        assertThat(debt.isStructure()).isTrue();
        debt.clear();
        debt.owe(0, 0x1000);
        assertThat(debt.isStructure()).isFalse();
    }

    @Test
    void addressSpaceSeesEachOwedDebtOnceHoweverOftenItGrows() {
        FlushDebt second = new FlushDebt(mm);
        debt.owe(0, 0x1000);
        debt.owe(0x1000, 0x2000);
        second.oweStructure(0, 0x20_0000);
        assertThat(mm.tlbFlushPending()).isEqualTo(2);
        debt.clear();
        debt.clear();
        assertThat(mm.tlbFlushPending()).isEqualTo(1);
        second.clear();
        assertThat(mm.tlbFlushPending()).isZero();
    }
}
