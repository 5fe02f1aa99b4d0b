package dev.cowtable.mm.swap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SwapInfoTest {
    private static final int CAPACITY = 10_000;

    private final Cpu cpu = Machine.builder().build().cpu(0);
    private final Lockdep lockdep = new Lockdep(1);
    private final FailureInjection failures = new FailureInjection();
    private final SwapInfo area = new SwapInfo(lockdep, failures, 0, SwapInfo.Kind.FILE, CAPACITY);

    @AfterEach
    void noLockIsLeftHeld() {
        lockdep.assertNoneHeld(cpu);
    }

    private void duplicate(long slot, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(area.duplicate(cpu, slot)).isTrue();
        }
    }

    @Test
    void slotOfACachedPageHasNoUserYetAndIsInUse() {
        assertThat(area.allocSlot(cpu)).isZero();
        assertThat(area.count(0)).isZero();
        assertThat(area.hasCache(0)).isTrue();
        assertThat(area.inUse()).isEqualTo(1);
    }

    @Test
    void lowestFreeSlotIsTakenFirst() {
        for (int slot = 0; slot < 5; slot++) {
            assertThat(area.allocUsedSlot(cpu)).isEqualTo(slot);
        }
        area.free(cpu, 3);
        area.free(cpu, 1);
        assertThat(area.allocUsedSlot(cpu)).isEqualTo(1);
        assertThat(area.allocUsedSlot(cpu)).isEqualTo(3);
        assertThat(area.allocUsedSlot(cpu)).isEqualTo(5);
        assertThat(area.slots()).isEqualTo(6);
    }

    @Test
    void fullAreaHasNoSlot() {
        for (int slot = 0; slot < CAPACITY; slot++) {
            assertThat(area.allocUsedSlot(cpu)).isEqualTo(slot);
        }
        assertThat(area.allocSlot(cpu)).isEqualTo(SwapInfo.NO_SLOT);
        area.free(cpu, 4096);
        assertThat(area.allocSlot(cpu)).isEqualTo(4096);
    }

    @Test
    void areaThatIsBeingTurnedOffHasNoSlot() {
        area.setWriteOk(false);
        assertThat(area.allocSlot(cpu)).isEqualTo(SwapInfo.NO_SLOT);
    }

    @Test
    void usersOfOneSlotAreCountedApartFromItsNeighbours() {
        long slot = area.allocUsedSlot(cpu);
        long neighbour = area.allocUsedSlot(cpu);
        duplicate(slot, 3);
        area.free(cpu, slot);
        assertThat(area.count(slot)).isEqualTo(3);
        assertThat(area.count(neighbour)).isEqualTo(1);
    }

    @Test
    void freeSlotIsNotFreedAgainAndGetsNoUser() {
        long slot = area.allocUsedSlot(cpu);
        area.free(cpu, slot);
        assertThat(area.inUse()).isZero();
        assertThatThrownBy(() -> area.free(cpu, slot)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("swap slot 0 is freed more often than used");
        assertThatThrownBy(() -> area.duplicate(cpu, slot)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void slotLivesUntilBothItsUserAndTheCacheAreGone() {
        long slot = area.allocSlot(cpu);
        duplicate(slot, 1);
        assertThat(area.free(cpu, slot)).isTrue();
        assertThat(area.isOnlyCached(slot)).isTrue();
        assertThat(area.inUse()).isEqualTo(1);
        area.clearCache(cpu, slot);
        assertThat(area.inUse()).isZero();
    }

    @Test
    void lastUserIsNotTheLastHolderWhileAnotherUserIsLeft() {
        long slot = area.allocSlot(cpu);
        duplicate(slot, 2);
        assertThat(area.free(cpu, slot)).isFalse();
        area.clearCache(cpu, slot);
        assertThat(area.free(cpu, slot)).isFalse();
        assertThat(area.inUse()).isZero();
    }

    @Test
    void hasCacheIsTakenByOneAtATimeAndOnlyOnUsedSlots() {
        long slot = area.allocUsedSlot(cpu);
        assertThat(area.prepareCache(cpu, slot)).isEqualTo(SwapPrepared.TAKEN);
        assertThat(area.prepareCache(cpu, slot)).isEqualTo(SwapPrepared.BUSY);
        area.clearCache(cpu, slot);
        assertThat(area.prepareCache(cpu, slot)).isEqualTo(SwapPrepared.TAKEN);
        area.free(cpu, slot);
        area.clearCache(cpu, slot);
        assertThat(area.prepareCache(cpu, slot)).isEqualTo(SwapPrepared.UNUSED);
        assertThat(area.prepareCache(cpu, 77)).isEqualTo(SwapPrepared.UNUSED);
    }

    @Test
    void slotOfSharedMemoryHasOneUserAndForgetsTheMarkWithIt() {
        long slot = area.allocSlot(cpu);
        area.shmemAlloc(cpu, slot);
        assertThat(area.isShmem(slot)).isTrue();
        assertThat(area.count(slot)).isEqualTo(1);
        assertThat(area.free(cpu, slot)).isTrue();
        assertThat(area.isShmem(slot)).isFalse();
        assertThat(area.isOnlyCached(slot)).isTrue();
    }

    @Test
    void countsUpToTheMaximumNeedNoMemory() {
        failures.failAllAfter(0);
        long slot = area.allocUsedSlot(cpu);
        duplicate(slot, SwapInfo.SWAP_MAP_MAX - 1);
        assertThat(area.count(slot)).isEqualTo(0x3e);
        assertThat(failures.attempts()).isZero();
    }

    @Test
    void continuationThatCannotBeAllocatedLeavesTheCount() {
        long slot = area.allocUsedSlot(cpu);
        duplicate(slot, SwapInfo.SWAP_MAP_MAX - 1);
        failures.failOnceAfter(0);
        assertThat(area.duplicate(cpu, slot)).isFalse();
        assertThat(area.count(slot)).isEqualTo(SwapInfo.SWAP_MAP_MAX);
        assertThat(area.duplicate(cpu, slot)).isTrue();
        assertThat(area.count(slot)).isEqualTo(SwapInfo.SWAP_MAP_MAX + 1);
    }

    @Test
    void oneContinuationServesThe4096SlotsOfItsPageAndNoOthers() {
        long slot = area.allocUsedSlot(cpu);
        long neighbour = area.allocUsedSlot(cpu);
        for (int i = 2; i < 4096; i++) {
            area.allocUsedSlot(cpu);
        }
        long far = area.allocUsedSlot(cpu);
        for (long each : new long[] {slot, neighbour, far}) {
            duplicate(each, SwapInfo.SWAP_MAP_MAX - 1);
        }
        duplicate(slot, 1);
        failures.failAllAfter(0);
        duplicate(neighbour, 1);
        assertThat(area.duplicate(cpu, far)).isFalse();
    }

    @Test
    void secondContinuationIsNeededAfterTheFirstIsFull() {
        long slot = area.allocUsedSlot(cpu);
        int oneContinuation = 0x3e + 0x3f * 0x7f;
        duplicate(slot, oneContinuation - 1);
        assertThat(failures.attempts()).isEqualTo(1);
        duplicate(slot, 1);
        assertThat(failures.attempts()).isEqualTo(2);
        for (int users = area.count(slot); users > 0; users--) {
            area.free(cpu, slot);
        }
        assertThat(area.inUse()).isZero();
    }
}
