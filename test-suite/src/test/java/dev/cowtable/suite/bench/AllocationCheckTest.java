package dev.cowtable.suite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AllocationCheckTest {
    private final AllocationCheck check = new AllocationCheck();

    @Test
    void pagingBenchmarksMustNotAllocate() {
        assertThat(AllocationCheck.applies(TranslateBenchmark.class.getName() + ".tlbHit")).isTrue();
        assertThat(AllocationCheck.applies(LoadChainBenchmark.class.getName() + ".throughTranslation")).isTrue();
        assertThat(AllocationCheck.applies(InvalidationBenchmark.class.getName() + ".invlpgAndTranslate")).isTrue();
        assertThat(AllocationCheck.applies(BarePagingBenchmark.class.getName() + ".walk")).isTrue();
    }

    @Test
    void otherBenchmarksMay() {
        assertThat(AllocationCheck.applies(ForkBenchmark.class.getName() + ".fork")).isFalse();
        assertThat(AllocationCheck.applies(ShootdownBenchmark.class.getName() + ".shootdown")).isFalse();
    }

    @Test
    void whatJmhItselfAllocatesIsNoComplaint() {
        check.add("quick", 0.0001, 0.2, 0);
        check.add("slow", 0.02, 0.01, 0);
        assertThat(check.complaints()).isEmpty();
    }

    @Test
    void anAllocationIsAComplaint() {
        check.add("Translate tlbHit", 16, 900, 0);
        assertThat(check.complaints()).containsExactly("Translate tlbHit allocates: 16.000 B each, 0 collections");
    }

    @Test
    void aCollectionIsAComplaint() {
        check.add("Translate tlbHit", 0, 0, 2);
        assertThat(check.complaints()).containsExactly("Translate tlbHit allocates: 0.000 B each, 2 collections");
    }

    @Test
    void anUnknownFigureIsAComplaint() {
        check.add("Translate tlbHit", Double.NaN, Double.NaN, 0);
        check.add("Translate fullWalk", 0, 0, Double.NaN);
        assertThat(check.complaints()).hasSize(2);
    }
}
