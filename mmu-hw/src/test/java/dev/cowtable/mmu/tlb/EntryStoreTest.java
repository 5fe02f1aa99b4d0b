package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * The two stores against a map from (page, PCID) to a translation: the hash store equals it, the set-associative one
 * lacks only what it evicted.
 */
class EntryStoreTest {
    private static final int OPERATIONS = 1500;
    private static final int PAGES = 70;
    private static final int PCIDS = 3;
    private static final int EVERY = -1;

    private record Place(long page, int pcid) {
        long key() {
            return page << 13 | (long) pcid << 1 | 1;
        }
    }

    @Property(tries = 60)
    void hashStoreEqualsAMap(@ForAll Random random) {
        EntryStore store = new HashStore();
        Map<Place, Long> model = new HashMap<>();
        for (int i = 0; i < OPERATIONS; i++) {
            Place place = apply(random, store, model);
            assertThat(store.find(place.key())).isEqualTo(answer(model, place));
            if (i % 50 == 0) {
                assertThat(contents(store)).isEqualTo(keyed(model));
            }
        }
    }

    @Property(tries = 60)
    void setAssociativeStoreHoldsTheMapLessWhatItEvicted(@ForAll Random random) {
        EntryStore store = new SetAssociativeStore(new TlbGeometry.Size(4, 3));
        Map<Place, Long> model = new HashMap<>();
        for (int i = 0; i < OPERATIONS; i++) {
            Place place = apply(random, store, model);
            assertThat(store.find(place.key())).isEqualTo(answer(model, place));
            assertThat(contents(store)).isEqualTo(keyed(model));
        }
    }

    private static Place apply(Random random, EntryStore store, Map<Place, Long> model) {
        long page = random.nextInt(PAGES) * 0x2545_F491_4F6CL & 0x3ff_ffff_ffffL;
        Place place = new Place(page, random.nextInt(PCIDS) * 0x7ff);
        int operation = random.nextInt(1000);
        boolean globals = random.nextBoolean();
        if (operation < 8) {
            int pcid = random.nextInt(3) == 0 ? EVERY : place.pcid;
            store.clear(pcid, globals);
            model.entrySet().removeIf(e -> isGlobal(e.getValue()) ? globals
                    : pcid == EVERY || e.getKey().pcid == pcid);
        } else if (operation < 350) {
            boolean every = random.nextInt(3) == 0;
            boolean removed = model.entrySet().removeIf(e -> e.getKey().page == page && (isGlobal(e.getValue())
                    ? globals : every || e.getKey().pcid == place.pcid));
            assertThat(store.remove(place.key(), every, globals)).isEqualTo(removed);
        } else {
            put(random, store, model, place, 1 | (long) operation << 12);
        }
        return place;
    }

    /** A pair that already answers for the place is replaced. Global pairs come while no other PCID has the page. */
    private static void put(Random random, EntryStore store, Map<Place, Long> model, Place place, long translation) {
        boolean alone = model.keySet().stream().noneMatch(p -> p.page == place.page && p.pcid != place.pcid);
        long stored = translation | (alone && random.nextInt(4) == 0 ? Translation.GLOBAL : 0);
        boolean replacesGlobal = model.entrySet().removeIf(e -> e.getKey().page == place.page
                && e.getKey().pcid != place.pcid && isGlobal(e.getValue()));
        model.put(place, stored);
        boolean isNew = store.find(place.key()) == 0;
        long gone = isNew && random.nextBoolean() ? store.add(place.key(), stored) : store.put(place.key(), stored);
        if (gone != 0) {
            boolean known = model.keySet().removeIf(p -> p.key() == gone);
            assertThat(known || replacesGlobal).as("evicted %x", gone).isTrue();
        }
    }

    private static long answer(Map<Place, Long> model, Place place) {
        return model.entrySet().stream().filter(e -> e.getKey().page == place.page
                && (e.getKey().pcid == place.pcid || isGlobal(e.getValue()))).mapToLong(Map.Entry::getValue)
                .findFirst().orElse(0);
    }

    private static boolean isGlobal(long translation) {
        return (translation & Translation.GLOBAL) != 0;
    }

    private static Map<Long, Long> keyed(Map<Place, Long> model) {
        Map<Long, Long> keys = new TreeMap<>();
        model.forEach((place, translation) -> keys.put(place.key(), translation));
        return keys;
    }

    private static Map<Long, Long> contents(EntryStore store) {
        Map<Long, Long> contents = new TreeMap<>();
        for (int slot = 0; slot < store.slots(); slot++) {
            if (store.keyAt(slot) != 0) {
                assertThat(contents.put(store.keyAt(slot), store.translationAt(slot))).isNull();
            }
        }
        return contents;
    }
}
