package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class AreaLayoutTest {

    private static List<Long> vaddrs(String... lines) {
        Scenario scenario = LitmusParser.parse("x.txt", String.join("\n", lines));
        return scenario.areasAt(Integer.MAX_VALUE).stream().map(Area::vaddr).toList();
    }

    @Test
    void aNewAreaLiesTwoMebibytesAboveTheRoundedEndOfAllOthers() {
        assertThat(vaddrs("P0 mmap A pages=1", "P0 mmap B pages=512", "P0 mmap C pages=1"))
                .containsExactly(0x200000000L, 0x200400000L, 0x200800000L);
    }

    @Test
    void anAreaPlacedByHandMovesTheNextOne() {
        assertThat(vaddrs("P0 mmap A pages=6 at=0x200000000", "P0 mmap B pages=4 at=0x2001fe000", "P0 mremap A -> C"))
                .containsExactly(0x200000000L, 0x2001fe000L, 0x200600000L);
    }

    @Test
    void theHighestEndCountsNotTheLast() {
        assertThat(vaddrs("P0 mmap A pages=1 at=0x10000000000", "P0 mmap B pages=1 at=0x200000000",
                "P0 mmap C pages=1")).containsExactly(1L << 40, 0x200000000L, (1L << 40) + 0x400000);
    }

    @Test
    void anAreaBelowTheFirstPlaceLeavesThatPlaceFree() {
        assertThat(vaddrs("P0 mmap A pages=1 at=0x100000000", "P0 mmap B pages=1"))
                .containsExactly(0x100000000L, 0x200000000L);
    }

    @Test
    void alignmentRoundsUpFurther() {
        assertThat(vaddrs("P0 mmap A pages=1", "P0 mmap B pages=1 align=0x40000000", "P0 mmap C pages=1"))
                .containsExactly(0x200000000L, 0x240000000L, 0x240400000L);
    }

    @Test
    void anAreaThatGrowsMovesTheNextOne() {
        assertThat(vaddrs("P0 mmap A pages=1", "P0 mremap A pages=1024", "P0 mremap A 0 1 -> B"))
                .containsExactly(0x200000000L, 0x200600000L);
    }

    @Property
    void noTwoAreasShareAPteTable(@ForAll @Size(min = 2, max = 8) List<@IntRange(min = 1, max = 3000) Integer> pages) {
        AreaLayout layout = new AreaLayout();
        long endOfTables = 0;
        for (int count : pages) {
            Area area = new Area("A", layout.next(AreaLayout.PAGE_BYTES), count);
            assertThat(area.vaddr() % AreaLayout.TABLE_BYTES).isZero();
            assertThat(area.vaddr()).isGreaterThanOrEqualTo(endOfTables);
            endOfTables = Math.ceilDiv(area.endVaddr(), AreaLayout.TABLE_BYTES) * AreaLayout.TABLE_BYTES;
            layout.occupy(area);
        }
    }
}
