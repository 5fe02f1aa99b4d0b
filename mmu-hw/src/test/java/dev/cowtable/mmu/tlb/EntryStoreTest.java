package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The two stores against a map: the hash store equals it, the set-associative one lacks only what it evicted. */
class EntryStoreTest {
    private static final int OPERATIONS = 1500;
    private static final int KEYS = 200;

    @Property(tries = 50)
    void hashStoreEqualsAMap(@ForAll Random random) {
        EntryStore store = new HashStore();
        Map<Long, Long> model = new HashMap<>();
        for (int i = 0; i < OPERATIONS; i++) {
            long key = apply(random, store, model);
            assertThat(store.find(key)).isEqualTo(model.getOrDefault(key, 0L));
            if (i % 50 == 0) {
                assertThat(contents(store)).isEqualTo(model);
                model.forEach((k, translation) -> assertThat(store.find(k)).isEqualTo(translation));
            }
        }
    }

    @Property(tries = 50)
    void setAssociativeStoreHoldsTheMapLessWhatItEvicted(@ForAll Random random) {
        EntryStore store = new SetAssociativeStore(4, 3);
        Map<Long, Long> model = new HashMap<>();
        for (int i = 0; i < OPERATIONS; i++) {
            long key = apply(random, store, model);
            assertThat(store.find(key)).isEqualTo(model.getOrDefault(key, 0L));
            assertThat(contents(store)).isEqualTo(model);
        }
    }

    /** One random operation on both; returns its key, one of 200 scattered ones so that hashes collide. */
    private static long apply(Random random, EntryStore store, Map<Long, Long> model) {
        long key = ((random.nextInt(KEYS) * 0x2545_F491_4F6C_DD1DL) >>> 40) | 1;
        int operation = random.nextInt(1000);
        if (operation < 4) {
            store.clear();
            model.clear();
        } else if (operation < 8) {
            store.clearExcept(Translation.GLOBAL);
            model.values().removeIf(t -> (t & Translation.GLOBAL) == 0);
        } else if (operation < 350) {
            assertThat(store.remove(key)).isEqualTo(model.remove(key) != null);
        } else {
            long translation = 1 | (long) operation << 12 | (random.nextInt(8) == 0 ? Translation.GLOBAL : 0);
            model.put(key, translation);
            model.remove(store.put(key, translation));
        }
        return key;
    }

    private static Map<Long, Long> contents(EntryStore store) {
        Map<Long, Long> contents = new HashMap<>();
        for (int slot = 0; slot < store.slots(); slot++) {
            if (store.keyAt(slot) != 0) {
                contents.put(store.keyAt(slot), store.translationAt(slot));
            }
        }
        return contents;
    }

    @Test
    void fullSetEvictsAWayThatWasNotUsedLately() {
        EntryStore store = new SetAssociativeStore(1, 3);
        assertThat(store.put(1, 10)).isZero();
        assertThat(store.put(3, 30)).isZero();
        assertThat(store.put(5, 50)).isZero();
        assertThat(store.put(7, 70)).isEqualTo(1);
        store.find(3);
        assertThat(store.put(9, 90)).as("3 was just used").isEqualTo(5);
        assertThat(store.find(3)).isEqualTo(30);
        assertThat(store.find(5)).isZero();
    }

    @Test
    void hashStoreThatHoldsFewEntriesDoesNotGrow() {
        EntryStore store = new HashStore();
        int slots = store.slots();
        for (long key = 1; key < 2000; key += 2) {
            store.put(key, 1);
            store.remove(key);
        }
        assertThat(store.slots()).isEqualTo(slots);
    }

    @Test
    void hashStoreKeepsAHundredThousandEntries() {
        EntryStore store = new HashStore();
        for (long key = 1; key < 200_000; key += 2) {
            assertThat(store.put(key, key << 12 | 1)).isZero();
        }
        for (long key = 1; key < 200_000; key += 2) {
            assertThat(store.find(key)).isEqualTo(key << 12 | 1);
        }
    }
}
