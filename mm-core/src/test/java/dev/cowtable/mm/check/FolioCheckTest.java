package dev.cowtable.mm.check;

import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Wrong counts of a large folio are named. */
class FolioCheckTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();
    private long head;

    @BeforeEach
    void writeOneFolio() {
        lab.kernel.setAnonFolioOrder(2);
        lab.map(0, 4, RW);
        lab.write(0, 7);
        head = lab.pfn(0);
        lab.assertConsistent();
    }

    private String violation() {
        return String.join("\n", new InvariantChecker(lab.kernel).check());
    }

    @Test
    void lostReferenceIsNamed() {
        memMap.pageRefAdd(lab.cpu, head + 2, 1);
        assertThat(violation())
                .contains("has refcount 5, of which 4 mappings, 0 pins and 0 other references are known");
    }

    @Test
    void wrongMapcountOfATailIsNamed() {
        memMap.mapcountAdd(lab.cpu, head + 3, 1);
        assertThat(violation()).contains("I1 frame " + (head + 3) + " has mapcount 2 and is mapped 1 times");
    }

    @Test
    void wrongLargeMapcountIsNamed() {
        memMap.largeFolio(head).addMappings(lab.cpu, LargeFolio.NOBODY, 1);
        assertThat(violation()).contains("has a large mapcount of 5 and its pages are mapped 4 times");
    }

    @Test
    void pinThatNobodyHoldsIsNamed() {
        memMap.largeFolio(head).addPins(lab.cpu, 1);
        assertThat(violation()).contains("counts 1 pins and has 0");
    }

    @Test
    void exclusivePageWithTwoMappersIsNamed() {
        lab.fork(lab.mm);
        memMap.setFlag(lab.cpu, head + 1, PageFlags.ANON_EXCLUSIVE);
        assertThat(violation()).contains("AE the exclusive frame " + (head + 1) + " is mapped 2 times");
    }

    @Test
    void tailThatNamesAnotherFolioIsNamed() {
        memMap.clearFlag(lab.cpu, head + 3, PageFlags.ORDER);
        assertThat(violation()).contains("frame " + (head + 3) + " does not name the folio of frame " + head);
    }

    @Test
    void lockThatIsHeldAtRestIsNamed() {
        memMap.folioTrylock(lab.cpu, head + 2);
        assertThat(violation()).contains("LK frame " + head + " is locked at rest");
    }
}
