package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.TestDesign;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PageTablesTest {
    private static final long PMD = PageTables.PMD_BYTES;
    private static final long PUD = Paging.sizeBytes(3);
    private static final long PGD = Paging.sizeBytes(4);
    private static final long VADDR = PGD + 2 * PUD + 3 * PMD + 5 * 4096;

    private final Kernel kernel = TestDesign.kernel(TlbPolicy.ADVERSARIAL);
    private final Cpu cpu = kernel.machine().cpu(0);
    private final PageTables pageTables = kernel.pageTables();
    private final MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));

    private PtDesc makeTable(long vaddr) {
        long pmdPaddr = pageTables.pmdAlloc(cpu, mm, vaddr);
        assertThat(pageTables.pteAlloc(cpu, mm, pmdPaddr)).isTrue();
        return Objects.requireNonNull(pageTables.desc(cpu.memory().read(pmdPaddr)));
    }

    // ---------------------------------------------------------------- making and looking

    @Test
    void emptyAddressSpaceHasATopTableAndNoPmdEntries() {
        assertThat(pageTables.descOfEntryAt(mm.pgdPaddr()).level()).isEqualTo(4);
        assertThat(pageTables.pmdOffset(cpu, mm, VADDR)).isEqualTo(PageTables.NO_ENTRY);
        assertThat(mm.pgtablesBytes()).isZero();
    }

    @Test
    void eachLevelIsMadeOnceAndCountedOnce() {
        PtDesc table = makeTable(VADDR);
        assertThat(makeTable(VADDR + 4096)).isSameAs(table);
        assertThat(mm.tables(3)).isEqualTo(1);
        assertThat(mm.tables(2)).isEqualTo(1);
        assertThat(mm.tables(1)).isEqualTo(1);
        assertThat(makeTable(VADDR + PMD)).isNotSameAs(table);
        makeTable(VADDR + PUD);
        assertThat(mm.tables(2)).isEqualTo(2);
        assertThat(mm.tables(1)).isEqualTo(3);
        assertThat(mm.pgtablesBytes()).isEqualTo(6 * 4096);
        kernel.lockdep().assertNoneHeld(cpu);
    }

    @Test
    void pmdEntryIsFoundWhereItWasMadeInATableOfLevelTwo() {
        long pmdPaddr = pageTables.pmdAlloc(cpu, mm, VADDR);
        assertThat(pageTables.pmdOffset(cpu, mm, VADDR)).isEqualTo(pmdPaddr);
        assertThat(pageTables.pmdOffset(cpu, mm, VADDR + PMD)).isEqualTo(pmdPaddr + 8);
        assertThat(pageTables.descOfEntryAt(pmdPaddr).level()).isEqualTo(2);
        assertThat(cpu.memory().read(pmdPaddr)).isZero();
    }

    @Test
    void newPteTableIsEmptyPrivateAndKnowsItsOwner() {
        long used = kernel.pageAllocator().allocPage(cpu);
        kernel.machine().memory().fillFrame(used, -1L);
        kernel.putPage(cpu, used);
        PtDesc table = makeTable(VADDR);
        for (int i = 0; i < Paging.ENTRIES; i++) {
            assertThat(cpu.memory().read(table.paddr() + 8L * i)).isZero();
        }
        assertThat(table.isSharedBy(mm)).isTrue();
        assertThat(table.pmdPaddrOf(0)).isEqualTo(pageTables.pmdOffset(cpu, mm, VADDR));
        assertThat(table.isShared()).isFalse();
        assertThat(PageTables.ptePaddr(table, VADDR)).isEqualTo(table.paddr() + 5 * 8);
    }

    @Test
    void entriesOfTablesGrantAllRightsSoThatTheLeafDecides() {
        makeTable(VADDR);
        long pmd = cpu.memory().read(pageTables.pmdOffset(cpu, mm, VADDR));
        assertThat(pmd & 0xfff).isEqualTo(0x67);
        assertThat(PageTables.isTable(pmd)).isTrue();
        assertThat(PageTables.isTable(Pte.wrprotect(pmd))).isTrue();
        assertThat(PageTables.isLeaf(pmd)).isFalse();
        assertThat(PageTables.isLeaf(pmd | Entry.PS)).isTrue();
        assertThat(PageTables.isTable(pmd | Entry.PS)).isFalse();
        assertThat(PageTables.isTable(0)).isFalse();
    }

    @Test
    void shortageAtAnyLevelIsToldAndKeepsWhatWasMade() {
        for (int skip = 0; skip < 2; skip++) {
            kernel.failures().failOnceAfter(skip);
            assertThat(pageTables.pmdAlloc(cpu, mm, VADDR + skip * PGD)).isEqualTo(PageTables.NO_ENTRY);
            assertThat(mm.tables(3)).isEqualTo(skip);
        }
        long pmdPaddr = pageTables.pmdAlloc(cpu, mm, VADDR);
        kernel.failures().failOnceAfter(0);
        assertThat(pageTables.pteAlloc(cpu, mm, pmdPaddr)).isFalse();
        assertThat(mm.tables(1)).isZero();
        assertThat(pageTables.pteAlloc(cpu, mm, pmdPaddr)).isTrue();
    }

    @Test
    void topTableThatCannotBeHadIsNoPage() {
        kernel.failures().failOnceAfter(0);
        assertThat(kernel.newMm(cpu)).isNull();
    }

    @Test
    void frameThatIsNoTableHasNoDescriptor() {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        assertThat(pageTables.desc(Paging.paddr(pfn))).isNull();
        assertThatThrownBy(() -> pageTables.descOfEntryAt(Paging.paddr(pfn))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is in no page table");
    }

    // ---------------------------------------------------------------- locking

    @Test
    void lockedTableIsTheOneThatThePmdEntryNames() {
        PtDesc table = makeTable(VADDR);
        long pmdPaddr = pageTables.pmdOffset(cpu, mm, VADDR);
        assertThat(pageTables.lockTable(cpu, pmdPaddr)).isSameAs(table);
        table.ptl().assertHeld(cpu);
        PtDesc second = makeTableOutside(VADDR + PMD);
        assertThat(pageTables.lockTableNested(cpu, pmdPaddr + 8)).isSameAs(second);
        second.ptl().assertHeld(cpu);
    }

    /** Made by the other CPU, as this one holds a lock. */
    private PtDesc makeTableOutside(long vaddr) {
        Cpu other = kernel.machine().cpu(1);
        long pmdPaddr = pageTables.pmdAlloc(other, mm, vaddr);
        pageTables.pteAlloc(other, mm, pmdPaddr);
        return Objects.requireNonNull(pageTables.desc(other.memory().read(pmdPaddr)));
    }

    @Test
    void absentTableAndHugePageAreNotLocked() {
        long pmdPaddr = pageTables.pmdAlloc(cpu, mm, VADDR);
        assertThat(pageTables.lockTable(cpu, pmdPaddr)).isNull();
        cpu.memory().write(pmdPaddr, Pte.make(512, PageTables.TABLE_PROT) | Entry.PS);
        assertThat(pageTables.lockTable(cpu, pmdPaddr)).isNull();
        kernel.lockdep().assertNoneHeld(cpu);
    }

    @Test
    void pmdEntryPointsAtATableWhateverItsRights() {
        PtDesc table = makeTable(VADDR);
        long pmd = cpu.memory().read(pageTables.pmdOffset(cpu, mm, VADDR));
        assertThat(PageTables.pointsAt(pmd, table)).isTrue();
        assertThat(PageTables.pointsAt(Pte.wrprotect(pmd), table)).isTrue();
        assertThat(PageTables.pointsAt(pmd + 4096, table)).isFalse();
        assertThat(PageTables.pointsAt(pmd | Entry.PS, table)).isFalse();
    }

    // ---------------------------------------------------------------- sparse ranges

    @Provide
    Arbitrary<Long> blocks() {
        Arbitrary<Integer> edges = Arbitraries.of(0, 1, 2, 3, 510, 511);
        return edges.list().ofSize(3).map(at -> Math.min(at.get(0), 2) * PGD + at.get(1) * PUD + at.get(2) * PMD);
    }

    @Property(tries = 500)
    void walkOverASparseRangeFindsWhatASlowScanFinds(
            @ForAll @Size(max = 6) List<@From("blocks") Long> made,
            @ForAll("blocks") long from, @ForAll("blocks") long to, @ForAll boolean amidst) {
        new PageTablesTest().walk(new TreeSet<>(made), from + (amidst ? 8192 : 0), to + (amidst ? 4096 : 0));
    }

    private void walk(TreeSet<Long> made, long start, long end) {
        made.forEach(this::makeTable);
        pageTables.pmdAlloc(cpu, mm, start);
        long at = start;
        while (at < end) {
            Long block = made.ceiling(at & -PMD);
            long expected = block == null || Math.max(block, at) >= end ? end : Math.max(block, at);
            assertThat(pageTables.nextPopulatedPmd(cpu, mm, at, end)).isEqualTo(expected);
            at = (expected & -PMD) + PMD;
        }
        assertThat(pageTables.nextPopulatedPmd(cpu, mm, end, end)).isEqualTo(end);
    }
}
