package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

final class ObservationFormatterTest {
    private static final int ANON = PageView.Flag.ANON.bit() | PageView.Flag.MMAP.bit();
    private static final Area BIG = new Area("A", 0x200000000L, 100);
    private static final Area SMALL = new Area("A", 0x200000000L, 64);

    private final StringBuilder out = new StringBuilder();
    private final ObservationFormatter formatter = new ObservationFormatter(out);

    private static PageView frame(long number) {
        return PageView.present(number, 1, true, false, false, ANON);
    }

    @Test
    void anAreaOfSixtyFourPagesIsPrintedPageByPage() {
        formatter.area(0, SMALL, page -> PageView.none());
        assertThat(out.toString().lines()).hasSize(64).startsWith("  P0 A+0 none");
    }

    @Test
    void consecutiveSwapSlotsJoin() {
        formatter.area(1, BIG, page -> PageView.swap(page + 5, true));
        assertThat(out).hasToString("  P1 A[0..100) swap slot=s5..s104 wp\n");
    }

    @Test
    void pagesThatShareOneFrameJoinUnderItsNumber() {
        formatter.area(0, BIG, page -> PageView.present(page < 2 ? 4 : 5, 98, false, false, false, ANON));
        assertThat(out).hasToString("""
                  P0 A[0..2) present pfn=#4 mc=98 x=0 k=ANON|MMAP
                  P0 A[2..100) present pfn=#5 mc=98 x=0 k=ANON|MMAP
                """);
    }

    @Test
    void anyDifferingAttributeEndsTheRun() {
        List<PageView> views = List.of(frame(1), PageView.present(2, 2, true, false, false, ANON),
                PageView.present(3, 2, false, false, false, ANON), PageView.present(4, 2, false, true, false, ANON),
                PageView.present(5, 2, false, true, true, ANON), PageView.present(6, 2, false, true, true, 0),
                PageView.zero(false, false, PageView.Flag.ZERO_PAGE.bit()), PageView.guard(), PageView.marker(),
                PageView.swap(1, false), PageView.swap(3, false), PageView.none());
        formatter.range(0, new PageRange(BIG, 0, views.size()), page -> views.get((int) Math.min(page, 11)));
        assertThat(out.toString().lines()).hasSize(views.size()).noneMatch(line -> line.contains(".."));
    }

    @Test
    void framesInDescendingOrderDoNotJoin() {
        formatter.range(0, new PageRange(BIG, 0, 3), page -> frame(9 - page));
        assertThat(out.toString().lines()).hasSize(3);
    }

    @Test
    void anAreaWithoutVmaIsOneLineEvenWhenAPartIsAskedFor() {
        formatter.range(2, new PageRange(SMALL, 3, 5), page -> PageView.novma());
        assertThat(out).hasToString("  P2 A novma\n");
    }

    @Test
    void anUnmappedPartOfAnAreaWithAVmaIsPrintedByPage() {
        formatter.range(2, new PageRange(SMALL, 3, 5), page -> page < 60 ? PageView.novma() : PageView.none());
        assertThat(out).hasToString("  P2 A+3 novma\n  P2 A+4 novma\n");
    }

    @Test
    void headersShowTheSignAndOnlyFiguresThatAreNotZero() {
        formatter.process(0, -4, 0, 0);
        formatter.process(1, 0, 8, 4);
        formatter.dead(2);
        assertThat(out).hasToString("  P0 vmpte=-4kB\n  P1 vmpte=+0kB lck=8kB pin=4kB\n  P2 dead\n");
    }

    @Test
    void aVmaWithoutFlagsLeavesNoBlankBehind() {
        new VmaView(SMALL.vaddr(), SMALL.endVaddr(), true, false, true, true, 0).appendTo(out, 3, List.of(SMALL), null);
        assertThat(out).hasToString("  P3 vma A+0..A+64 r-xs\n");
    }

    @Test
    void vmFlagsComeInTheOrderOfTheFlagBits() {
        new VmaView(SMALL.vaddr(), SMALL.endVaddr(), false, false, false, false, -1)
                .appendTo(out, 0, List.of(SMALL), null);
        assertThat(out.toString()).endsWith(" ---p sh gd um gu uw lo dc lf ac nr wf hg nh mg ui\n");
    }

    @Test
    void aVmaOutsideAllAreasIsNamedByAddress() {
        new VmaView(0x1000, 0x3000, true, true, false, false, 0).appendTo(out, 0, List.of(SMALL), null);
        assertThat(out).hasToString("  P0 vma 0x1000..0x3000 rw-p\n");
    }

    @Provide
    Arbitrary<List<PageView>> mappings() {
        Arbitrary<PageView> view = Arbitraries.oneOf(Arbitraries.of(PageView.none(), PageView.guard(),
                PageView.novma(), PageView.marker(), PageView.zero(false, true, PageView.Flag.ZERO_PAGE.bit())),
                Arbitraries.longs().between(1, 4).map(ObservationFormatterTest::frame));
        return view.list().ofSize(100);
    }

    @Property(tries = 200)
    void runsReadBackAreThePagesThatWerePrinted(@ForAll("mappings") List<PageView> views) {
        StringBuilder text = new StringBuilder("  P0 vmpte=+0kB\n");
        new ObservationFormatter(text).area(0, BIG, page -> views.get((int) page));
        assertThat(new BlockReader(List.of(BIG)).reprint(text.toString().lines().toList())).isEqualTo(text.toString());
        assertThat(new BlockReader(List.of(BIG)).views(text.toString().lines().skip(1).toList(), BIG))
                .isEqualTo(views);
    }
}
