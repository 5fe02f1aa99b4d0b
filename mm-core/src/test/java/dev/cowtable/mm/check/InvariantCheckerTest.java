package dev.cowtable.mm.check;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each invariant is violated by hand and reported under its own name; see {@link SharedTableCheckTest} as well. */
class InvariantCheckerTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();
    private final Cpu cpu = lab.cpu;

    /** Page 0 is anonymous, page 1 swapped, page 2 the zero page, page 3 missing; the CPU runs something else. */
    @BeforeEach
    void makeAProcess() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.read(2);
        new OpaquePages(lab.kernel).installSwapEntry(cpu, lab.vma(0), at(1));
        lab.rest();
        assertThat(violated()).isEmpty();
    }

    private Set<String> violated() {
        Set<String> ids = new TreeSet<>();
        new InvariantChecker(lab.kernel).check().forEach(sentence -> ids.add(sentence.substring(0, 2)));
        return ids;
    }

    private void setEntry(long page, long pte) {
        cpu.memory().write(lab.ptePaddr(lab.mm, page), pte);
    }

    // ---------------------------------------------------------------- I1 counts

    @Test
    void lostReferenceIsI1() {
        memMap.pageRefAdd(cpu, lab.pfn(0), 1);
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void referenceThatSomebodyHoldsIsNoViolation() {
        long held = lab.pfn(0);
        memMap.pageRefAdd(cpu, held, 1);
        assertThat(new InvariantChecker(lab.kernel).check(pfn -> pfn == held ? 1 : 0)).isEmpty();
    }

    @Test
    void wrongMapcountIsI1() {
        memMap.mapcountAdd(cpu, lab.pfn(0), 1);
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void wrongRssIsI1() {
        lab.mm.addRss(Rss.SHMEMPAGES, 1);
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void wrongSwapCountIsI1() {
        lab.kernel.swap().swapDuplicate(cpu, lab.pte(1));
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void leakedPageIsI1() {
        lab.kernel.pageAllocator().allocPage(cpu);
        assertThat(violated()).containsExactly("I1");
    }

    // ---------------------------------------------------------------- I4 pmd, I5 vma

    @Test
    void readOnlyPmdEntryAtAPrivateTableIsI4() {
        cpu.memory().fetchAndAnd(lab.kernel.pageTables().pmdOffset(cpu, lab.mm, at(0)), ~Entry.RW);
        assertThat(violated()).containsExactly("I4");
    }

    @Test
    void entryOutsideOfAllVmasIsI5() {
        setEntry(4, lab.pte(2));
        assertThat(violated()).containsExactly("I5");
    }

    // ---------------------------------------------------------------- I6 reach

    @Test
    void staleTranslationOfAnotherCpuIsI6() {
        Cpu other = lab.kernel.machine().cpu(1);
        lab.kernel.userAccess().writeByte(other, lab.mm, at(0), 8);
        assertThat(violated()).isEmpty();
        setEntry(0, Pte.wrprotect(lab.pte(0)));
        assertThat(violated()).containsExactly("I6");
        other.movToCr3(other.cr3());
        assertThat(violated()).isEmpty();
    }

    @Test
    void staleWayToATableIsI6() {
        long pmdPaddr = lab.kernel.pageTables().pmdOffset(cpu, lab.mm, at(0));
        lab.read(0);
        cpu.invlpg(at(0));
        lab.read(0);
        cpu.memory().write(pmdPaddr, 0);
        assertThat(violated()).contains("I6");
    }

    @Test
    void cpuOutsideOfTheCpumaskIsI6() {
        lab.read(0);
        lab.mm.clearCpu(cpu.id());
        assertThat(violated()).containsExactly("I6");
    }

    @Test
    void mappedTablePageIsI6AndMiscounted() {
        long table = lab.ptePaddr(lab.mm, 0) >>> 12;
        setEntry(3, Pte.make(table, lab.vma(0).pageProt()));
        assertThat(violated()).contains("I6");
    }

    @Test
    void pmdEntryThatPointsAtNoTableIsI6() {
        long pmdPaddr = lab.kernel.pageTables().pmdAlloc(cpu, lab.mm, at(512));
        lab.mm.addTables(1, 1);
        cpu.memory().write(pmdPaddr, lab.pfn(0) << 12 | PageTables.TABLE_PROT);
        assertThat(violated()).containsExactly("I6");
    }

    // ---------------------------------------------------------------- I8 tables

    @Test
    void wrongVmPteIsI8() {
        lab.mm.addTables(1, 1);
        assertThat(violated()).containsExactly("I8");
    }

    @Test
    void leakedTableIsI8() {
        lab.kernel.pageTables().newPteTable(cpu);
        assertThat(violated()).containsExactly("I8");
    }

    // ---------------------------------------------------------------- AE exclusive, RM rmap

    @Test
    void writableEntryOfAPageThatIsNotExclusiveIsAe() {
        memMap.clearFlag(cpu, lab.pfn(0), PageFlags.ANON_EXCLUSIVE);
        assertThat(violated()).containsExactly("AE");
    }

    @Test
    void exclusivePageOfTwoProcessesIsAe() {
        lab.fork(lab.mm);
        assertThat(violated()).isEmpty();
        memMap.setFlag(cpu, lab.pfn(0), PageFlags.ANON_EXCLUSIVE);
        assertThat(violated()).containsExactly("AE");
    }

    @Test
    void writableEntryInAReadOnlyVmaIsAe() {
        lab.mprotect(0, 4, RO);
        assertThat(violated()).isEmpty();
        setEntry(0, Pte.mkwrite(lab.pte(0)));
        assertThat(violated()).containsExactly("AE");
    }

    @Test
    void writableZeroPageIsAe() {
        setEntry(2, Pte.mkwrite(lab.pte(2)));
        assertThat(violated()).containsExactly("AE");
    }

    @Test
    void pageAtTheWrongIndexIsRm() {
        memMap.setIndex(lab.pfn(0), memMap.index(lab.pfn(0)) + 1);
        assertThat(violated()).containsExactly("RM");
    }

    @Test
    void pageOfAStrangersAnonVmaIsRm() {
        lab.map(9, 10, RW);
        lab.write(9, 1);
        memMap.setMapping(lab.pfn(0), lab.vma(9).anonVma());
        assertThat(violated()).containsExactly("RM");
    }

    // ---------------------------------------------------------------- FD flush, LK locks

    @Test
    void owedFlushIsFd() {
        FlushDebt debt = new FlushDebt(lab.mm);
        debt.owe(at(0), at(1));
        assertThat(violated()).containsExactly("FD");
        lab.kernel.tlbFlush().settle(cpu, debt);
        assertThat(violated()).isEmpty();
    }

    @Test
    void heldLockIsLk() {
        lab.mm.pageTableLock().lock(cpu);
        assertThat(violated()).containsExactly("LK");
        lab.mm.pageTableLock().unlock(cpu);
        assertThat(violated()).isEmpty();
    }

    @Test
    void lockedPageIsLk() {
        memMap.folioTrylock(cpu, lab.pfn(0));
        assertThat(violated()).containsExactly("LK");
    }
}
