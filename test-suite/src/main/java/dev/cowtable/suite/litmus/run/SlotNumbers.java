package dev.cowtable.suite.litmus.run;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Numbers swap slots from 1 in order of first appearance in an entry. A slot keeps its number while an entry of a test area or a mapped
 * page of the swap cache holds it; one that is given out again is another slot.
 */
final class SlotNumbers {
    /** By plain swap entry. */
    private final Map<Long, Long> numbers = new HashMap<>();
    private final Set<Long> held = new HashSet<>();
    private long last;

    /** An entry of a test area names the slot. */
    void seenInEntry(long slot) {
        held.add(slot);
        numbers.computeIfAbsent(slot, _ -> ++last);
    }

    /** A mapped page of the swap cache has the slot. */
    void heldByPage(long slot) {
        held.add(slot);
    }

    /** Ends a look at all processes: slots that nobody held lose their numbers. */
    void endLook() {
        numbers.keySet().retainAll(held);
        held.clear();
    }

    long number(long slot) {
        return numbers.getOrDefault(slot, 0L);
    }
}
