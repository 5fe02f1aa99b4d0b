package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packed result of a walk, step by step. */
class TranslationTest {
    private static final long ALL = Translation.WRITABLE | Translation.USER | Translation.EXECUTABLE;
    private static final long FULL = Entry.P | Entry.RW | Entry.US;
    private static final long ROOT = Translation.root(0x5fffL, 4);

    @Test
    void rootHasAllRightsAndStandsOneLevelAboveTheTop() {
        assertThat(ROOT & Translation.RIGHTS).isEqualTo(ALL);
        assertThat(Translation.level(ROOT)).isEqualTo(5);
        assertThat(Translation.level(Translation.root(0, 5))).isEqualTo(6);
        assertThat(Translation.paddr(ROOT)).isEqualTo(0x5000);
        assertThat(ROOT).isPositive();
    }

    @Test
    void eachStepKeepsWhatBothAllow() {
        assertThat(Translation.table(ROOT, FULL, 4) & Translation.RIGHTS).isEqualTo(ALL);
        assertThat(Translation.table(ROOT, Entry.P | Entry.US, 4) & Translation.RIGHTS)
                .isEqualTo(Translation.USER | Translation.EXECUTABLE);
        assertThat(Translation.table(ROOT, Entry.P | Entry.RW, 4) & Translation.RIGHTS)
                .isEqualTo(Translation.WRITABLE | Translation.EXECUTABLE);
        assertThat(Translation.table(ROOT, FULL | Entry.XD, 4) & Translation.RIGHTS)
                .isEqualTo(Translation.WRITABLE | Translation.USER);
        long readOnly = Translation.table(ROOT, Entry.P, 4);
        assertThat(Translation.leaf(readOnly, FULL, 1) & Translation.RIGHTS).isEqualTo(Translation.EXECUTABLE);
    }

    @Test
    void stepToATableKeepsNeitherKeyNorGlobalNorDirtyNorMemoryType() {
        long step = Translation.table(ROOT, -1L & ~Entry.XD, 3);
        assertThat(step).isEqualTo(Translation.table(ROOT, Entry.ADDRESS_MASK | FULL, 3));
        assertThat(Translation.paddr(step)).isEqualTo(0x000f_ffff_ffff_f000L);
        assertThat(Translation.level(step)).isEqualTo(3);
        assertThat(Translation.key(step)).isZero();
        assertThat(Translation.patIndex(step)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 0xffffffffff000", "2, 0xfffffffe00000", "3, 0xfffffc0000000"})
    void leafKeepsTheFrameOfItsSizeWithKeyGlobalAndDirty(int level, String frame) {
        long leaf = Translation.leaf(ROOT, -1L & ~Entry.XD, level);
        assertThat(Translation.paddr(leaf)).isEqualTo(Long.decode(frame));
        assertThat(Translation.level(leaf)).isEqualTo(level);
        assertThat(Translation.key(leaf)).isEqualTo(15);
        assertThat(leaf & (Translation.GLOBAL | Translation.DIRTY)).isEqualTo(0x140);
        assertThat(leaf).isPositive();
        long bare = Translation.leaf(ROOT, Entry.P, level);
        assertThat(bare & (Translation.GLOBAL | Translation.DIRTY)).isZero();
        assertThat(Translation.key(bare)).isZero();
        assertThat(bare).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void memoryTypeIndexIsPatThenPcdThenPwt(int index) {
        long flags = (index & 1) * Entry.PWT | (index >> 1 & 1) * Entry.PCD;
        assertThat(Translation.patIndex(Translation.leaf(ROOT, flags | (index >> 2) * Entry.PAT, 1))).isEqualTo(index);
        assertThat(Translation.patIndex(Translation.leaf(ROOT, flags | Entry.PS | (index >> 2) * Entry.LARGE_PAT, 2)))
                .isEqualTo(index);
        assertThat(Translation.patIndex(Translation.leaf(ROOT, flags | Entry.PS | (index >> 2) * Entry.LARGE_PAT, 3)))
                .isEqualTo(index);
    }

    @Test
    void offsetComesFromTheLinearAddressUpToThePageSize() {
        long vaddr = 0x1234_5678_9abcL;
        assertThat(Translation.paddr(Translation.leaf(ROOT, 0x7000_0000_0000L, 1), vaddr))
                .isEqualTo(0x7000_0000_0abcL);
        assertThat(Translation.paddr(Translation.leaf(ROOT, 0x7000_0000_0000L, 2), vaddr))
                .isEqualTo(0x7000_0018_9abcL);
        assertThat(Translation.paddr(Translation.leaf(ROOT, 0x7000_0000_0000L, 3), vaddr))
                .isEqualTo(0x7000_1678_9abcL);
    }
}
