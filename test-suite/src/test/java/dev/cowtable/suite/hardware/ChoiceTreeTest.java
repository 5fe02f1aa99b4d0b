package dev.cowtable.suite.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class ChoiceTreeTest {
    private static final long SHARED = 1;

    /** Runs of programs whose steps are given by their effects, in the orders that the tree wants. */
    private static List<String> orders(boolean sleepSets, List<List<Effect>> programs) {
        List<String> orders = new ArrayList<>();
        ChoiceTree tree = new ChoiceTree(sleepSets);
        do {
            String order = order(tree, programs);
            if (!tree.isRedundant()) {
                orders.add(order);
            }
        } while (tree.next());
        return orders;
    }

    private static String order(ChoiceTree tree, List<List<Effect>> programs) {
        int[] done = new int[programs.size()];
        StringBuilder order = new StringBuilder();
        int total = programs.stream().mapToInt(List::size).sum();
        for (int step = 0; step < total; step++) {
            int[] ids = new int[programs.size()];
            Effect[] effects = new Effect[programs.size()];
            int count = 0;
            for (int cpu = 0; cpu < programs.size(); cpu++) {
                if (done[cpu] < programs.get(cpu).size()) {
                    ids[count] = cpu;
                    effects[count++] = programs.get(cpu).get(done[cpu]);
                }
            }
            int chosen = ids[tree.choose(ids, effects, count)];
            done[chosen]++;
            order.append(chosen);
        }
        return order.toString();
    }

    private static Effect read(int cpu) {
        return new Effect(cpu, SHARED, 0, 0);
    }

    private static Effect write(int cpu) {
        return new Effect(cpu, 0, SHARED, 0);
    }

    @Test
    void withoutSleepSetsEveryOrderIsRunOnce() {
        List<List<Effect>> programs = List.of(List.of(Effect.local(0), Effect.local(0)),
                List.of(Effect.local(1), Effect.local(1)));
        assertThat(orders(false, programs)).containsExactlyInAnyOrder("0011", "0101", "0110", "1001", "1010", "1100");
    }

    @Test
    void stepsThatCommuteAreRunInOneOrder() {
        assertThat(orders(true, List.of(List.of(read(0), read(0)), List.of(read(1), read(1))))).hasSize(1);
        assertThat(orders(true, List.of(List.of(Effect.local(0)), List.of(write(1)), List.of(Effect.local(2)))))
                .hasSize(1);
    }

    @Test
    void stepsThatDoNotCommuteAreRunInEveryOrder() {
        assertThat(orders(true, List.of(List.of(write(0)), List.of(write(1)), List.of(write(2))))).hasSize(6);
        assertThat(orders(true, List.of(List.of(Effect.everything(0)), List.of(Effect.local(1))))).hasSize(2);
    }

    @Test
    void everyOrderOfTheWritesAmongTheReadsIsKept() {
        List<List<Effect>> programs = List.of(List.of(read(0), read(0)), List.of(Effect.local(1), write(1)),
                List.of(write(2)));
        assertThat(places(orders(true, programs))).isEqualTo(places(orders(false, programs)));
        assertThat(orders(true, programs)).hasSizeLessThan(orders(false, programs).size());
    }

    /** What decides the outcome: the order of the steps, CPU 1's local one left out. */
    private static Set<String> places(List<String> orders) {
        Set<String> places = new TreeSet<>();
        orders.forEach(order -> places.add(order.replaceFirst("1", "")));
        return places;
    }

    @Test
    void interruptsDoNotCommuteWithTheirTarget() {
        Effect interrupt = new Effect(0, 0, 0, 1L << 1);
        assertThat(interrupt.commutesWith(Effect.local(1))).isFalse();
        assertThat(Effect.local(1).commutesWith(interrupt)).isFalse();
        assertThat(interrupt.commutesWith(Effect.local(2))).isTrue();
        assertThat(interrupt.commutesWith(new Effect(2, 0, 0, 1L << 1))).isFalse();
    }

    @Test
    void aProgramThatOffersOtherChoicesThanBeforeIsRefused() {
        ChoiceTree tree = new ChoiceTree(true);
        tree.choose(new int[] {0, 1}, new Effect[] {write(0), write(1)}, 2);
        assertThat(tree.next()).isTrue();
        assertThatThrownBy(() -> tree.choose(new int[] {0}, new Effect[] {write(0)}, 1))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("not deterministic");
    }
}
