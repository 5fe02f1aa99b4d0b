package dev.cowtable.suite.property;

import static dev.cowtable.suite.property.TestDesigns.RELAXED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.lock.LockOrderException;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The holes of v5 that a wrong order or a wrong moment opens: 10, 11, 13 and 14 of the table in {@link SeriesHolesTest}. */
@Timeout(60)
class SeriesOrderHolesTest {
    /** Fork is at work on a table when reclaim on another CPU breaks another table of the parent. */
    private static Lab breakDuringFork(Design design) {
        AtStep executor = new AtStep();
        Lab lab = swapping(new Lab(design, executor));
        lab.fork();
        long shared = Pte.pfn(lab.pte(lab.parent, Lab.PAGES));
        long otherVaddr = Lab.AREA_VADDR * 2;
        lab.kernel.memoryMap().mmapAnonymous(lab.cpu(0), lab.parent, otherVaddr, 4096, VmFlags.READ | VmFlags.WRITE,
                false);
        lab.kernel.userAccess().writeByte(lab.cpu(0), lab.parent, otherVaddr, 1);
        lab.kernel.lru().lruAddDrainAll(lab.cpu(0));
        long last = lab.kernel.pageAllocator().freshPfn() - 1;
        executor.once((cpu, kind, where) -> cpu.id() == 0 && kind == Step.COUNT && where > shared && where <= last,
                () -> assertThat(PressureComparison.reclaimDrained(lab.kernel, lab.cpu(1), shared))
                        .isEqualTo("1 freed"));
        lab.fork();
        assertThat(executor.hasActed()).isTrue();
        return lab;
    }

    private static Lab swapping(Lab lab) {
        lab.kernel.swap().swapon(lab.cpu(0), SwapInfo.Kind.ZRAM);
        return lab;
    }

    @Test
    void hole10BreakIsASecondWriterOfWriteProtectSeq() {
        assertThat(breakDuringFork(RELAXED).violations()).isEmpty();
        assertThatThrownBy(() -> breakDuringFork(SeriesBreakHoles.BREAK_WRITES_SEQ))
                .isInstanceOf(LockOrderException.class).hasMessageContaining("second writer");
    }

    @Test
    void hole11TableTakenFromAnOldPmdEntry() {
        List<Lab> made = new ArrayList<>();
        boolean[] written = new boolean[1];
        Lab lab = new Lab(SeriesBreakHoles.lockOfAnOldTable(() -> {
            if (!written[0]) {
                written[0] = true;
                made.getFirst().write(2, made.getFirst().parent, Lab.PAGES, 5);
            }
        }));
        made.add(lab);
        lab.fork();
        lab.write(0, lab.parent, 0, 2);
        assertThat(lab.read(0, lab.parent, Lab.PAGES)).as("the other thread's write").isEqualTo(1);
        assertThat(lab.violations()).anyMatch(text -> text.startsWith("I8"));
    }

    @Test
    void hole11IsClosedAsTheEntryIsComparedUnderTheLock() {
        AtStep executor = new AtStep();
        Lab lab = new Lab(RELAXED, executor);
        MmStruct child = lab.fork();
        long oldTable = lab.table(lab.parent).pfn();
        executor.once((cpu, kind, where) -> cpu.id() == 0 && kind == Step.LOCK,
                () -> lab.write(2, lab.parent, Lab.PAGES, 5));
        lab.write(0, lab.parent, 0, 2);
        assertThat(executor.hasActed()).isTrue();
        assertThat(lab.read(0, lab.parent, Lab.PAGES)).isEqualTo(5);
        assertThat(lab.table(child).pfn()).isEqualTo(oldTable);
        assertThat(lab.violations()).isEmpty();
    }

    /** Two VMAs in one table; after the first is duplicated, reclaim comes to a page of the second. */
    @Test
    void hole13TableSharedBeforeTheLaterVmasAreDuplicated() {
        List<String> reclaimed = new ArrayList<>();
        List<Lab> made = new ArrayList<>();
        long[] pfn = new long[1];
        Runnable reclaim = () -> reclaimed.add(PressureComparison.reclaimDrained(made.getLast().kernel,
                made.getLast().cpu(1), pfn[0]));
        for (Design design : List.of(afterTheFirstVma(reclaim), SeriesForkHoles.sharedWithTheFirstVma(reclaim))) {
            Lab lab = swapping(new Lab(design));
            made.add(lab);
            pfn[0] = SeriesHolesTest.neighbour(lab, 16, VmFlags.READ | VmFlags.WRITE);
            lab.kernel.lru().lruAddDrainAll(lab.cpu(0));
            lab.fork();
        }
        assertThat(reclaimed).containsExactly("1 freed", "0 freed");
        assertThat(made.getFirst().violations()).isEmpty();
        assertThat(made.getLast().kernel.memMap().mapcount(pfn[0])).as("mapping that no VMA leads to").isEqualTo(1);
    }

    private static Design afterTheFirstVma(Runnable action) {
        return TestDesigns.aroundRelaxed("relaxed", (kernel, wrapped) -> new TestDesigns.Wrapper(kernel, wrapped) {
            private boolean done;

            @Override
            public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                int result = super.copyVma(cpu, pass, src, dst);
                if (!done) {
                    done = true;
                    action.run();
                }
                return result;
            }
        });
    }

    // ---------------------------------------------------------------- 14, 15: no memory

    @Test
    void hole14ReclaimThatCannotBreakKeepsThePageAndKillsNobody() {
        Lab lab = swapping(new Lab(RELAXED));
        MmStruct child = lab.fork();
        assertThat(reclaimWithoutMemory(lab)).isEqualTo("0 freed");
        assertThat(lab.read(1, child, Lab.PAGES)).isEqualTo(1);
        assertThat(lab.violations()).isEmpty();
    }

    @Test
    void hole14OomKillerInReclaimIsCaughtByTheLockOrder() {
        List<MmStruct> victims = new ArrayList<>();
        Lab lab = swapping(new Lab(SeriesBreakHoles.killsForABreak(victims)));
        victims.add(lab.fork());
        assertThatThrownBy(() -> reclaimWithoutMemory(lab)).isInstanceOf(RuntimeException.class);
        assertThat(victims).isEmpty();
    }

    private static String reclaimWithoutMemory(Lab lab) {
        lab.kernel.failures().failAllAfter(0);
        String result = PressureComparison.reclaim(lab.kernel, Pte.pfn(lab.pte(lab.parent, Lab.PAGES)));
        lab.kernel.failures().off();
        return result;
    }
}
