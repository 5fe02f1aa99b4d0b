package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.TestDesign;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Which tables go with an unmapped range; the address space that stays begins and ends at ceiling and floor. */
class FreePgtablesTest {
    private static final long PAGE = 4096;
    private static final long PMD = PageTables.PMD_BYTES;
    private static final long PUD = Paging.sizeBytes(3);
    private static final long PGD = Paging.sizeBytes(4);

    private final Kernel kernel = TestDesign.kernel(TlbPolicy.ADVERSARIAL);
    private final Cpu cpu = kernel.machine().cpu(0);
    private final PageTables pageTables = kernel.pageTables();
    private final FreePgtables freePgtables = new FreePgtables(pageTables);
    private final MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));

    private void makeTables(long... vaddrs) {
        for (long vaddr : vaddrs) {
            pageTables.pteAlloc(cpu, mm, pageTables.pmdAlloc(cpu, mm, vaddr));
        }
    }

    private void free(long start, long end, long floor, long ceiling) {
        MmuGather tlb = new MmuGather(kernel, mm);
        freePgtables.freePgtables(cpu, tlb, mm, start, end, floor, ceiling);
        tlb.finish(cpu);
    }

    private long[] tables() {
        return new long[] {mm.tables(1), mm.tables(2), mm.tables(3)};
    }

    @Test
    void loneMappingTakesAllItsTablesWithIt() {
        long before = pageTables.physicalTables();
        makeTables(PMD);
        free(PMD, PMD + PAGE, 0, 0);
        assertThat(tables()).containsExactly(0, 0, 0);
        assertThat(pageTables.physicalTables()).isEqualTo(before);
    }

    // |<------- 2 MiB ------->|
    // A..floor   start..end
    @Test
    void tableThatTheMappingBelowUsesStays() {
        makeTables(PMD);
        free(PMD + 8 * PAGE, 2 * PMD, PMD + PAGE, 0);
        assertThat(tables()).containsExactly(1, 1, 1);
    }

    // |<------- 2 MiB ------->|
    // start..end    ceiling..B
    @Test
    void tableThatTheMappingAboveUsesStays() {
        makeTables(PMD);
        free(PMD, PMD + PAGE, 0, 2 * PMD - PAGE);
        assertThat(tables()).containsExactly(1, 1, 1);
    }

    // |   A..floor|start ... end|ceiling..B   |   four tables of one upper table
    @Test
    void wholeTablesBetweenTwoNeighboursGoAndTheUpperOnesStay() {
        makeTables(4 * PMD, 5 * PMD, 6 * PMD, 7 * PMD);
        free(5 * PMD, 7 * PMD, 5 * PMD, 7 * PMD);
        assertThat(tables()).containsExactly(2, 1, 1);
    }

    @Test
    void ceilingInTheFirstTableOfTheAddressSpaceKeepsIt() {
        makeTables(0);
        free(PAGE, 2 * PAGE, 0, 3 * PAGE);
        assertThat(tables()).containsExactly(1, 1, 1);
    }

    @Test
    void upperTableGoesWhenFloorAndCeilingLieOutsideItsSpan() {
        makeTables(PUD - PAGE, PUD, 2 * PUD);
        free(PUD, PUD + PMD, PUD, 2 * PUD);
        assertThat(tables()).containsExactly(2, 2, 1);
    }

    @Test
    void tablesAreFreedBehindTheFlushOfTheGatherAndNotBefore() {
        makeTables(PMD);
        long before = pageTables.physicalTables();
        MmuGather tlb = new MmuGather(kernel, mm);
        freePgtables.freePgtables(cpu, tlb, mm, PMD, 2 * PMD, 0, 0);
        assertThat(pageTables.physicalTables()).isEqualTo(before);
        assertThat(tlb.debt().isOwed()).isTrue();
        tlb.finish(cpu);
        assertThat(pageTables.physicalTables()).isEqualTo(before - 3);
    }

    @Test
    void tableThatAnotherAddressSpaceSharesIsNotFreed() {
        makeTables(PMD);
        long pmdPaddr = pageTables.pmdOffset(cpu, mm, PMD);
        PtDesc table = Objects.requireNonNull(pageTables.desc(cpu.memory().read(pmdPaddr)));
        table.addSharer(Objects.requireNonNull(kernel.newMm(cpu)), 0);
        assertThatThrownBy(() -> free(PMD, 2 * PMD, 0, 0)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is freed while shared");
    }

    // ---------------------------------------------------------------- one table, if it is empty

    private boolean isFreedByTry(long vaddr) {
        long pmdPaddr = pageTables.pmdOffset(cpu, mm, vaddr);
        MmuGather tlb = new MmuGather(kernel, mm);
        freePgtables.tryToFreePte(cpu, tlb, mm, pmdPaddr, vaddr);
        tlb.finish(cpu);
        kernel.lockdep().assertNoneHeld(cpu);
        return cpu.memory().read(pmdPaddr) == 0;
    }

    @Test
    void emptyTableIsFreedAloneAndItsUpperTablesStay() {
        makeTables(PMD);
        assertThat(isFreedByTry(PMD + PAGE)).isTrue();
        assertThat(tables()).containsExactly(0, 1, 1);
    }

    @Test
    void oneEntryOfAnyKindKeepsTheTable() {
        makeTables(PMD);
        PtDesc table = Objects.requireNonNull(
                pageTables.desc(cpu.memory().read(pageTables.pmdOffset(cpu, mm, PMD))));
        long last = PageTables.ptePaddr(table, 2 * PMD - PAGE);
        for (long pte : new long[] {Pte.make(5, Entry.P), Pte.make(5, Pte.PROTNONE), SwpEntry.make(0, 0)}) {
            cpu.memory().write(last, pte);
            assertThat(isFreedByTry(PMD)).isFalse();
        }
        assertThat(tables()).containsExactly(1, 1, 1);
    }

    @Test
    void sharedTableIsKeptThoughItIsEmpty() {
        makeTables(PMD);
        Objects.requireNonNull(pageTables.desc(cpu.memory().read(pageTables.pmdOffset(cpu, mm, PMD))))
                .addSharer(Objects.requireNonNull(kernel.newMm(cpu)), 0);
        assertThat(isFreedByTry(PMD)).isFalse();
    }

    @Test
    void emptyPmdEntryIsNothingToFree() {
        pageTables.pmdAlloc(cpu, mm, PMD);
        assertThat(isFreedByTry(PMD)).isTrue();
        assertThat(tables()).containsExactly(0, 1, 1);
    }

    // ---------------------------------------------------------------- against a slow predictor

    @Provide
    Arbitrary<Long> vaddrs() {
        Arbitrary<Integer> edges = Arbitraries.of(0, 1, 2, 510, 511);
        return edges.list().ofSize(4).map(at -> Math.min(at.get(0), 1) * PGD + Math.min(at.get(1), 3) * PUD
                + at.get(2) * PMD + at.get(3) * PAGE);
    }

    /** Two pages stay around a range, or one, or none; some pages of the range have tables. */
    @Property(tries = 1500)
    void exactlyTheTablesThatNothingOutsideTheRangeNeedsAreFreed(@ForAll("vaddrs") long a, @ForAll("vaddrs") long b,
            @ForAll("vaddrs") long c, @ForAll("vaddrs") long d, @ForAll("vaddrs") long inside, @ForAll boolean below,
            @ForAll boolean above) {
        TreeSet<Long> cuts = new TreeSet<>(List.of(a + PAGE, b + PAGE, c + PAGE, d + PAGE));
        if (cuts.size() == 4) {
            long[] cut = cuts.stream().mapToLong(Long::longValue).toArray();
            new FreePgtablesTest().compare(below ? cut[0] : 0, cut[1], cut[2], above ? cut[3] : 0, inside);
        }
    }

    private void compare(long floor, long start, long end, long ceiling, long inside) {
        List<Long> mapped = new ArrayList<>(List.of(start, end - PAGE));
        if (inside >= start && inside < end) {
            mapped.add(inside);
        }
        if (floor != 0) {
            mapped.add(floor - PAGE);
        }
        if (ceiling != 0) {
            mapped.add(ceiling);
        }
        mapped.forEach(this::makeTables);
        free(start, end, floor, ceiling);
        for (int level = 1; level < Paging.TOP_LEVEL; level++) {
            TreeSet<Long> expected = new TreeSet<>();
            for (long vaddr : mapped) {
                long span = Paging.sizeBytes(level + 1);
                long spanStart = vaddr & -span;
                if (spanStart < floor || (ceiling != 0 && spanStart + span > ceiling)) {
                    expected.add(spanStart);
                }
                assertThat(hasTable(vaddr, level)).as("level %s of 0x%x", level, vaddr)
                        .isEqualTo(expected.contains(spanStart));
            }
            assertThat(mm.tables(level)).isEqualTo(expected.size());
        }
    }

    private boolean hasTable(long vaddr, int wanted) {
        long table = mm.pgdPaddr();
        for (int level = Paging.TOP_LEVEL; level > wanted; level--) {
            long entry = cpu.memory().read(PageTables.entryPaddr(table, vaddr, level));
            if (!Entry.isPresent(entry)) {
                return false;
            }
            table = Entry.paddr(entry);
        }
        return pageTables.descOfEntryAt(table).level() == wanted;
    }
}
