package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Entry;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class SwpEntryTest {
    @Property(tries = 500)
    void typeAndOffsetComeBackWhateverTheMarks(@ForAll @IntRange(max = 31) int type,
            @ForAll @LongRange(max = (1L << 50) - 2) long offset) {
        long entry = SwpEntry.make(type, offset);
        for (long marks : new long[] {0, SwpEntry.EXCLUSIVE, SwpEntry.UFFD_WP, SwpEntry.EXCLUSIVE | SwpEntry.UFFD_WP}) {
            assertThat(SwpEntry.type(entry | marks)).isEqualTo(type);
            assertThat(SwpEntry.offset(entry | marks)).isEqualTo(offset);
        }
    }

    @Property(tries = 500)
    void entryIsNeverNoneAndNeverPresent(@ForAll @IntRange(max = 31) int type,
            @ForAll @LongRange(max = (1L << 50) - 2) long offset) {
        long entry = SwpEntry.make(type, offset) | SwpEntry.EXCLUSIVE;
        assertThat(SwpEntry.isSwap(entry)).isTrue();
        assertThat(SwpEntry.isSwap(SwpEntry.clearExclusive(entry))).isTrue();
        assertThat(entry & (Entry.P | Pte.PROTNONE)).isZero();
    }

    @Test
    void firstSlotOfTheFirstAreaIsAnEntryTooThoughAllItsNumbersAreZero() {
        assertThat(SwpEntry.make(0, 0)).isEqualTo(1L << 9);
    }

    @Test
    void exclusiveIsOneBitThatCanBeTakenAway() {
        long entry = SwpEntry.make(3, 900);
        assertThat(SwpEntry.isExclusive(entry)).isFalse();
        assertThat(SwpEntry.isExclusive(entry | SwpEntry.EXCLUSIVE)).isTrue();
        assertThat(SwpEntry.clearExclusive(entry | SwpEntry.EXCLUSIVE)).isEqualTo(entry);
    }

    @Test
    void presentEntryIsNoSwapEntry() {
        assertThat(SwpEntry.isSwap(Pte.make(5, Entry.P | Entry.US))).isFalse();
        assertThat(SwpEntry.isSwap(Pte.make(5, Pte.PROTNONE))).isFalse();
    }
}
