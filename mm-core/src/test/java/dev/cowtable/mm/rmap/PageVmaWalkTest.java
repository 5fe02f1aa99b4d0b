package dev.cowtable.mm.rmap;

import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which entry a walk stops at, and what it learns of how a page was used. */
class PageVmaWalkTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;
    private final PageVmaWalk walk = new PageVmaWalk(s.kernel);
    private final FolioReferenced question = new FolioReferenced(s.kernel);

    @BeforeEach
    void writeTwoPages() {
        s.mapWritten(0, 2);
    }

    private boolean finds(long pfn, MmStruct mm, long page, PageVmaWalk.Mode mode) {
        @Nullable PtDesc table = walk.lock(s.cpu, pfn, lab.vma(mm, page), at(page), mode);
        if (table != null) {
            table.ptl().unlock(s.cpu);
        }
        return table != null;
    }

    @Test
    void entryOfThePageIsFoundAndNoOther() {
        assertThat(finds(lab.pfn(0), s.mm, 0, PageVmaWalk.Mode.LOOK)).isTrue();
        assertThat(finds(lab.pfn(0), s.mm, 1, PageVmaWalk.Mode.REPLACE)).isFalse();
        assertThat(finds(lab.pfn(0), s.mm, 0, PageVmaWalk.Mode.MIGRATION)).isFalse();
        assertThat(s.kernel.lockdep().heldCount(s.cpu)).isZero();
    }

    @Test
    void migrationEntryOfThePageIsFoundByThoseWhoLookForOne() {
        long pfn = lab.pfn(0);
        long entry = lab.pte(0);
        s.cpu.memory().write(lab.ptePaddr(s.mm, 0), SwpEntry.makeMigration(pfn, true, true, true, true));
        assertThat(finds(pfn, s.mm, 0, PageVmaWalk.Mode.LOOK)).isFalse();
        assertThat(finds(pfn, s.mm, 0, PageVmaWalk.Mode.MIGRATION)).isTrue();
        assertThat(finds(lab.pfn(1), s.mm, 0, PageVmaWalk.Mode.MIGRATION)).isFalse();
        s.cpu.memory().write(lab.ptePaddr(s.mm, 0), entry);
    }

    @Test
    void rangeWithoutTablesHasNothing() {
        MmStruct other = lab.newMm();
        lab.map(other, 0, 2, MmLab.RW);
        assertThat(finds(lab.pfn(0), other, 0, PageVmaWalk.Mode.LOOK)).isFalse();
    }

    // ---------------------------------------------------------------- references

    @Test
    void everyEntryThroughWhichThePageWasUsedCountsOnce() {
        MmStruct child = lab.fork(s.mm);
        long pfn = lab.pfn(0);
        assertThat(question.referenced(s.cpu, pfn)).as("the child's entry begins old").isEqualTo(1);
        assertThat(question.referenced(s.cpu, pfn)).isZero();
        lab.rest();
        lab.read(child, 0);
        assertThat(question.referenced(s.cpu, pfn)).isEqualTo(1);
        assertThat(question.vmaHas(VmFlags.WRITE)).isTrue();
    }

    @Test
    void lockedMappingEndsTheQuestionAndMlocksThePage() {
        s.mlock(s.mm, 0, 1, true);
        lab.drain();
        s.memMap.clearFlag(s.cpu, lab.pfn(0), PageFlags.MLOCKED);
        assertThat(question.referenced(s.cpu, lab.pfn(0))).isZero();
        assertThat(question.vmaHas(VmFlags.LOCKED)).isTrue();
        assertThat(s.isMlocked(lab.pfn(0))).isTrue();
        assertThat(lab.pte(0) & Entry.A).isNotZero();
    }

    @Test
    void questionForgetsThePageBefore() {
        s.mlock(s.mm, 0, 1, true);
        question.referenced(s.cpu, lab.pfn(0));
        assertThat(question.referenced(s.cpu, lab.pfn(1))).isEqualTo(1);
        assertThat(question.vmaHas(VmFlags.LOCKED)).isFalse();
    }
}
