package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Keys, replacement, growth and sizes of the stores, one fact each. */
class EntryStoreExamplesTest {
    private static final long A = 1L << 13 | 1;
    private static final long B = 2L << 13 | 1;
    private static final long C = 3L << 13 | 1;
    private static final long D = 4L << 13 | 1;
    private static final long E = 5L << 13 | 1;
    private static final long F = 6L << 13 | 1;

    @Test
    void keyIsPageThenPcidThenOne() {
        assertThat(EntryStore.key(0x1234_5678_9abcL, 1, 0xfff)).isEqualTo(0x1_2345_6789L << 13 | 0x1fff);
        assertThat(EntryStore.key(0x1234_5678_9abcL, 2, 0)).isEqualTo((0x1234_5678_9abcL >>> 21) << 13 | 1);
        assertThat(EntryStore.key(-4096, 1, 0)).isEqualTo(((1L << 45) - 1) << 13 | 1);
        assertThat(EntryStore.pcid(EntryStore.key(0, 1, 0xabc))).isEqualTo(0xabc);
    }

    @Test
    void addressOfAKeyIsTheFirstOfItsPageWithItsSign() {
        assertThat(EntryStore.vaddr(EntryStore.key(0x7fff_ffff_ffffL, 1, 7), 1)).isEqualTo(0x7fff_ffff_f000L);
        assertThat(EntryStore.vaddr(EntryStore.key(0xffff_8000_1234_5678L, 2, 0), 2)).isEqualTo(0xffff_8000_1220_0000L);
        assertThat(EntryStore.vaddr(EntryStore.key(0xff12_3456_789a_bcdeL, 5, 0), 5)).isEqualTo(0xff12_0000_0000_0000L);
    }

    @Test
    void fullSetEvictsTheLowestWayNotUsedSinceTheMarksWereLastCleared() {
        EntryStore store = new SetAssociativeStore(new TlbGeometry.Size(1, 3));
        assertThat(store.put(A, 11)).isZero();
        assertThat(store.put(B, 21)).isZero();
        assertThat(store.put(C, 31)).isZero();
        assertThat(store.put(D, 41)).isEqualTo(A);
        assertThat(store.put(E, 51)).as("D and C are marked").isEqualTo(B);
        store.find(D);
        assertThat(store.put(F, 61)).as("the find marked D").isEqualTo(C);
        assertThat(store.put(A, 12)).as("all were marked, so only the last one is").isEqualTo(D);
        assertThat(store.find(A)).isEqualTo(12);
        assertThat(store.find(E)).isEqualTo(51);
        assertThat(store.find(F)).isEqualTo(61);
        assertThat(store.find(D)).isZero();
    }

    @Test
    void removedPairIsNoLongerMarkedAsUsed() {
        EntryStore store = new SetAssociativeStore(new TlbGeometry.Size(1, 3));
        store.put(A, 11);
        store.put(B, 21);
        assertThat(store.remove(A, false, true)).isTrue();
        assertThat(store.remove(A, false, true)).isFalse();
        assertThat(store.put(C, 31)).isZero();
        assertThat(store.put(D, 41)).as("C took the way of A").isZero();
        assertThat(store.find(B)).isEqualTo(21);
        assertThat(store.find(C)).isEqualTo(31);
        assertThat(store.find(D)).isEqualTo(41);
    }

    @Test
    void setIsChosenByTheLowBitsOfThePage() {
        EntryStore store = new SetAssociativeStore(new TlbGeometry.Size(2, 1));
        assertThat(store.put(A, 11)).isZero();
        assertThat(store.put(B, 21)).isZero();
        assertThat(store.put(C, 31)).isEqualTo(A);
        assertThat(store.find(B)).isEqualTo(21);
    }

    @Test
    void thirtyTwoWaysAreAllUsed() {
        EntryStore store = new SetAssociativeStore(new TlbGeometry.Size(1, 32));
        for (long page = 1; page <= 32; page++) {
            assertThat(store.put(page << 13 | 1, page)).isZero();
        }
        for (long page = 1; page <= 32; page++) {
            assertThat(store.find(page << 13 | 1)).isEqualTo(page);
        }
        assertThat(store.put(33L << 13 | 1, 33)).isEqualTo(A);
    }

    @Test
    void sizesThatNoIndexFitsAreRefused() {
        for (int[] size : new int[][] {{0, 4}, {3, 4}, {Integer.MIN_VALUE, 4}, {4, 0}, {4, 33}}) {
            assertThatThrownBy(() -> new TlbGeometry.Size(size[0], size[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(size[0] + " sets of " + size[1] + " ways");
        }
        assertThat(new TlbGeometry.Size(1, 1).ways()).isEqualTo(1);
    }

    @Test
    void hashStoreThatHoldsFewEntriesDoesNotGrow() {
        EntryStore store = new HashStore();
        int slots = store.slots();
        for (long page = 1; page < 2000; page++) {
            store.put(page << 13 | 1, 1);
            store.remove(page << 13 | 1, false, true);
        }
        assertThat(store.slots()).isEqualTo(slots);
    }

    @Test
    void hashStoreDoublesWhenHalfIsExceeded() {
        EntryStore store = new HashStore();
        assertThat(store.slots()).isEqualTo(64);
        for (long page = 1; page <= 32; page++) {
            store.put(page << 13 | 1, page);
        }
        assertThat(store.slots()).isEqualTo(64);
        store.put(1L << 13 | 1, 7);
        assertThat(store.slots()).as("a replacement takes no room").isEqualTo(64);
        store.put(33L << 13 | 1, 33);
        assertThat(store.slots()).isEqualTo(128);
        for (long page = 34; page <= 64; page++) {
            store.put(page << 13 | 1, page);
        }
        assertThat(store.slots()).as("the pair that made it grow is counted once").isEqualTo(128);
        store.put(65L << 13 | 1, 65);
        assertThat(store.slots()).isEqualTo(256);
    }

    @Test
    void hashStoreKeepsAHundredThousandEntries() {
        EntryStore store = new HashStore();
        for (long page = 1; page <= 100_000; page++) {
            assertThat(store.put(page << 13 | 1, page << 12 | 1)).isZero();
        }
        for (long page = 1; page <= 100_000; page++) {
            assertThat(store.find(page << 13 | 1)).isEqualTo(page << 12 | 1);
        }
    }
}
