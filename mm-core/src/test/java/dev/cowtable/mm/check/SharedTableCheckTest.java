package dev.cowtable.mm.check;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is promised of a table that two address spaces share; it is shared by hand, as no design here does that. */
class SharedTableCheckTest {
    private final MmLab lab = new MmLab();
    private final Cpu cpu = lab.cpu;
    private final MmStruct child = lab.newMm();

    /** Page 0 is anonymous, page 1 swapped. */
    @BeforeEach
    void shareATable() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        new OpaquePages(lab.kernel).installSwapEntry(cpu, lab.vma(0), at(1));
        lab.rest();
        lab.map(child, 0, 4, RW);
        lab.kernel.rmap().anonVmaFork(cpu, lab.vma(child, 0), lab.vma(0));
        pointChildAtTable();
        dupEntries();
        assertThat(violated()).isEmpty();
    }

    private void pointChildAtTable() {
        PageTables tables = lab.kernel.pageTables();
        long parentPmdPaddr = tables.pmdOffset(cpu, lab.mm, at(0));
        long childPmdPaddr = tables.pmdAlloc(cpu, child, at(0));
        long pmd = cpu.memory().read(parentPmdPaddr) & ~Entry.RW;
        cpu.memory().write(parentPmdPaddr, pmd);
        cpu.memory().write(childPmdPaddr, pmd);
        table().addSharer(child, childPmdPaddr);
        child.addTables(1, 1);
    }

    private void dupEntries() {
        lab.kernel.memMap().dupMapping(cpu, lab.pfn(0));
        lab.kernel.swap().swapDuplicate(cpu, lab.pte(1));
        setEntry(0, Pte.wrprotect(lab.pte(0)));
        setEntry(1, SwpEntry.clearExclusive(lab.pte(1)));
        child.addRss(Rss.ANONPAGES, 1);
        child.addRss(Rss.SWAPENTS, 1);
    }

    private PtDesc table() {
        long pmd = cpu.memory().read(lab.kernel.pageTables().pmdOffset(cpu, lab.mm, at(0)));
        return Objects.requireNonNull(lab.kernel.pageTables().desc(pmd));
    }

    private void setEntry(long page, long pte) {
        cpu.memory().write(lab.ptePaddr(lab.mm, page), pte);
    }

    private Set<String> violated() {
        Set<String> ids = new TreeSet<>();
        new InvariantChecker(lab.kernel).check().forEach(sentence -> ids.add(sentence.substring(0, 2)));
        return ids;
    }

    // ---------------------------------------------------------------- I2 restricted, I3 frozen

    @Test
    void exclusiveSwapEntryIsI2AndAChange() {
        setEntry(1, lab.pte(1) | SwpEntry.EXCLUSIVE);
        assertThat(violated()).containsExactly("AE", "I2", "I3");
    }

    @Test
    void writableEntryIsI2AndAChangeAndNotExclusive() {
        setEntry(0, Pte.mkwrite(lab.pte(0)));
        assertThat(violated()).containsExactly("AE", "I2", "I3");
    }

    @Test
    void exclusivePageIsI2AndMappedTwice() {
        lab.kernel.memMap().setFlag(cpu, lab.pfn(0), PageFlags.ANON_EXCLUSIVE);
        assertThat(violated()).containsExactly("AE", "I2");
    }

    @Test
    void changedEntryIsI3Once() {
        setEntry(1, lab.pte(1) | SwpEntry.UFFD_WP);
        assertThat(violated()).containsExactly("I3");
        assertThat(violated()).isEmpty();
    }

    @Test
    void accessedBitIsNoChange() {
        setEntry(0, lab.pte(0) ^ Entry.A);
        assertThat(violated()).isEmpty();
    }

    // ---------------------------------------------------------------- I5 vma, I1 and I8 counts

    @Test
    void newEntryThatOneSharerHasNoVmaForIsI5AndAChange() {
        lab.map(4, 5, RW);
        setEntry(4, Pte.mkspecial(Pte.make(lab.kernel.zeroPfn(), lab.vma(4).pageProt())));
        assertThat(violated()).containsExactly("I3", "I5");
    }

    @Test
    void eachSharerCountsInTheMapcount() {
        lab.kernel.rmap().folioRemoveRmap(cpu, lab.pfn(0), lab.mm);
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void shareThatNobodyExplainsIsI8() {
        table().addSharer(lab.newMm(), 0);
        assertThat(new InvariantChecker(lab.kernel).check())
                .anyMatch(sentence -> sentence.startsWith("I8") && sentence.contains("R=3"));
    }

    @Test
    void sharerThatIsNotRecordedIsI8() {
        table().removeSharer(child);
        assertThat(violated()).contains("I8");
    }
}
