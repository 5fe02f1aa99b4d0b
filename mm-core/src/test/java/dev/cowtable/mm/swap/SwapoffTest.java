package dev.cowtable.mm.swap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;

class SwapoffTest {
    private final SwapLab s = new SwapLab(SwapInfo.Kind.FILE);

    @Test
    void everyPageComesBackReadOnlyAndExclusiveIfItsEntryWas() {
        s.evict(0, 2);
        MmStruct child = s.lab.fork(s.lab.mm);
        s.pageout(child, 2, 3);
        s.evict(3, 3);
        assertThat(s.swap.swapoff(s.cpu, s.type)).isZero();
        assertThat(s.look(0)).isEmpty();
        assertThat(s.look(child, 0)).isEmpty();
        assertThat(s.lab.pfn(child, 0)).isEqualTo(s.lab.pfn(0));
        assertThat(s.lab.mm.rss(Rss.SWAPENTS)).isZero();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(4);
        s.lab.assertConsistent();
        assertThat(s.lab.read(child, 1)).isEqualTo(2);
    }

    @Test
    void exclusiveEntryGivesAnExclusiveOldPageThatTheNextWriteTakesOver() {
        s.evict(0, 1);
        assertThat(s.swap.swapoff(s.cpu, s.type)).isZero();
        assertThat(s.look(0)).isEqualTo("E");
        assertThat(s.lab.pte(0)).isEqualTo(Pte.mkold(s.lab.pte(0)));
        long pfn = s.lab.pfn(0);
        s.lab.write(0, 9);
        assertThat(s.lab.pfn(0)).isEqualTo(pfn);
        s.lab.assertConsistent();
    }

    @Test
    void pageThatIsMappedAndCachedLosesItsSlot() {
        s.pageout(s.lab.mm, 0, 2);
        s.lab.read(0);
        assertThat(s.look(0)).isEqualTo("WEC");
        assertThat(s.swap.swapoff(s.cpu, s.type)).isZero();
        assertThat(s.look(0)).isEqualTo("WE");
        assertThat(s.swap.isOn()).isFalse();
        s.lab.assertConsistent();
    }

    @Test
    void missingMemoryLeavesTheAreaOnAndEverythingReadable() {
        s.evict(0, 3);
        s.lab.kernel.failures().failAllAfter(1);
        assertThat(s.swap.swapoff(s.cpu, s.type)).isEqualTo(Errno.ENOMEM.code());
        s.lab.kernel.failures().off();
        assertThat(s.lab.mm.rss(Rss.SWAPENTS)).isEqualTo(2);
        s.lab.assertConsistent();
        for (int page = 0; page < 4; page++) {
            assertThat(s.lab.read(page)).isEqualTo(page + 1);
        }
        assertThat(s.swap.folioAllocSwap(s.cpu, s.lab.pfn(3))).isTrue();
    }

    @Test
    void pageUnderWritebackIsWaitedFor() {
        s.swap.holdWriteback(true);
        s.pageout(s.lab.mm, 0, 1);
        assertThat(s.swap.swapoff(s.cpu, s.type)).isZero();
        assertThat(s.look(0)).isEqualTo("E");
        assertThat(s.lab.read(0)).isEqualTo(1);
        s.lab.assertConsistent();
    }

    @Test
    void slotThatSomebodyElseKeepsMakesItBusy() {
        s.swap.installEntry(s.cpu, 7);
        assertThat(s.swap.swapoff(s.cpu, s.type)).isEqualTo(Errno.EBUSY.code());
        assertThat(s.swap.isOn()).isTrue();
    }
}
