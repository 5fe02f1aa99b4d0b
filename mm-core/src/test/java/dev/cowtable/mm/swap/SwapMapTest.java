package dev.cowtable.mm.swap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;

class SwapMapTest {
    private final Cpu cpu = Machine.builder().build().cpu(0);
    private final Lockdep lockdep = new Lockdep(1);
    private final FailureInjection failures = new FailureInjection();
    private final SwapMap swapMap = new SwapMap(lockdep, failures);

    private void duplicate(long slot, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(swapMap.duplicate(cpu, slot)).isTrue();
        }
    }

    @Test
    void slotsAscendAndBeginWithOneUser() {
        assertThat(swapMap.allocSlot(cpu)).isZero();
        assertThat(swapMap.allocSlot(cpu)).isEqualTo(1);
        assertThat(swapMap.slots()).isEqualTo(2);
        assertThat(swapMap.count(1)).isEqualTo(1);
        lockdep.assertNoneHeld(cpu);
    }

    @Test
    void usersOfOneSlotAreCountedApartFromItsNeighbours() {
        long slot = swapMap.allocSlot(cpu);
        long neighbour = swapMap.allocSlot(cpu);
        duplicate(slot, 3);
        swapMap.free(cpu, slot);
        assertThat(swapMap.count(slot)).isEqualTo(3);
        assertThat(swapMap.count(neighbour)).isEqualTo(1);
    }

    @Test
    void freedSlotIsNotTakenAgainAndNotFreedAgain() {
        long slot = swapMap.allocSlot(cpu);
        swapMap.free(cpu, slot);
        assertThat(swapMap.count(slot)).isZero();
        assertThat(swapMap.allocSlot(cpu)).isEqualTo(slot + 1);
        assertThatThrownBy(() -> swapMap.free(cpu, slot)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("swap slot 0 is freed more often than used");
    }

    @Test
    void countsUpToTheMaximumNeedNoMemory() {
        failures.failAllAfter(0);
        long slot = swapMap.allocSlot(cpu);
        duplicate(slot, SwapMap.SWAP_MAP_MAX - 1);
        assertThat(swapMap.count(slot)).isEqualTo(0x3e);
        assertThat(failures.attempts()).isZero();
    }

    @Test
    void continuationThatCannotBeHadLeavesTheCountAsItWas() {
        long slot = swapMap.allocSlot(cpu);
        duplicate(slot, SwapMap.SWAP_MAP_MAX - 1);
        failures.failOnceAfter(0);
        assertThat(swapMap.duplicate(cpu, slot)).isFalse();
        assertThat(swapMap.count(slot)).isEqualTo(SwapMap.SWAP_MAP_MAX);
        lockdep.assertNoneHeld(cpu);
        assertThat(swapMap.duplicate(cpu, slot)).isTrue();
        assertThat(swapMap.count(slot)).isEqualTo(SwapMap.SWAP_MAP_MAX + 1);
        assertThat(failures.attempts()).isEqualTo(2);
    }

    @Test
    void eachContinuationIsAskedForOnceAndDroppingUsersAsksForNothing() {
        long slot = swapMap.allocSlot(cpu);
        duplicate(slot, 2 * SwapMap.SWAP_MAP_MAX);
        assertThat(failures.attempts()).isEqualTo(1);
        duplicate(slot, 1);
        assertThat(failures.attempts()).isEqualTo(2);
        for (int users = swapMap.count(slot); users > 0; users--) {
            swapMap.free(cpu, slot);
        }
        assertThat(swapMap.count(slot)).isZero();
        assertThat(failures.attempts()).isEqualTo(2);
    }

    @Test
    void countsSurviveTheGrowthOfTheMap() {
        long first = swapMap.allocSlot(cpu);
        duplicate(first, 4);
        for (int i = 0; i < 3000; i++) {
            swapMap.allocSlot(cpu);
        }
        assertThat(swapMap.count(first)).isEqualTo(5);
        assertThat(swapMap.count(3000)).isEqualTo(1);
    }
}
