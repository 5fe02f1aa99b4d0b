package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Needs no KVM. */
class RootPoolTest {
    private static final long VADDR = 0x1234_5678_9000L;
    private static final long[] ENTRIES = {0, 11, 12, 13, 14, 0};

    private final MemorySegment memory = Arena.ofAuto().allocate(GuestLayout.ROOTS_BYTES);
    private int nrForgotten;
    private final RootPool roots = new RootPool(memory, () -> nrForgotten++);

    @Test
    void noRootIsUsedTwiceBeforeKvmForgot() throws IOException {
        Set<Long> used = new HashSet<>();
        for (int i = 0; i < 2 * GuestLayout.NR_ROOTS; i++) {
            int before = nrForgotten;
            roots.next();
            if (nrForgotten != before) {
                used.clear();
            }
            assertThat(used.add(roots.gpa())).isTrue();
        }
        assertThat(nrForgotten).isEqualTo(1);
    }

    @Test
    void everyLevelHasATableOfItsOwnAndIsEmptiedForTheNextRound() throws IOException {
        roots.next();
        roots.write(VADDR, ENTRIES);
        assertThat(roots.read()).isEqualTo(ENTRIES);
        long top = roots.gpa() - GuestLayout.ROOTS_GPA + (VADDR >>> 39) * 8;
        assertThat(memory.get(ValueLayout.JAVA_LONG, top)).isEqualTo(14);

        for (int i = 0; i < GuestLayout.NR_ROOTS; i++) {
            roots.next();
        }

        assertThat(roots.read()).containsOnly(0);
        assertThat(memory.get(ValueLayout.JAVA_LONG, top)).isZero();
    }

    @Test
    void addressInTheHarnessLeavesItsMappingAlone() throws IOException {
        roots.next();
        long before = memory.get(ValueLayout.JAVA_LONG, GuestLayout.SUPERVISOR_INDEX * 8);
        roots.write(0x7fff_8000_0000_0000L | GuestLayout.SUPERVISOR_VADDR & 0xffff_ffff_ffffL, ENTRIES);

        assertThat(memory.get(ValueLayout.JAVA_LONG, GuestLayout.SUPERVISOR_INDEX * 8)).isEqualTo(before).isNotZero();
        assertThat(roots.read()).isEqualTo(ENTRIES);
    }
}
