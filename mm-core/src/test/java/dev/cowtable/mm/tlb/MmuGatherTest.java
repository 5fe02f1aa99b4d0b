package dev.cowtable.mm.tlb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.TestDesign;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MmuGatherTest {
    private static final long BLOCK = 0x20_0000;

    private final List<String> steps = new ArrayList<>();
    private final Kernel kernel = new Kernel(Machine.builder().executor(new Recorder()).build(), TestDesign.copying());
    private final Cpu cpu = kernel.machine().cpu(0);
    private final MemMap memMap = kernel.memMap();
    private final MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
    private final MmuGather tlb = new MmuGather(kernel, mm);

    /** Writes down flushes and changes of counts. */
    private final class Recorder implements Executor {
        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu by, Step kind, long where) {
            if (kind == Step.FLUSH) {
                steps.add("flush");
            } else if (kind == Step.COUNT) {
                steps.add("count " + where);
            }
        }

        @Override
        public void blockedOn(Cpu by, Waitable what) {
            throw new IllegalStateException("blocked on " + what.describe());
        }
    }

    private long page() {
        return kernel.pageAllocator().allocPage(cpu);
    }

    private PtDesc table() {
        return Objects.requireNonNull(kernel.pageTables().newPteTable(cpu));
    }

    @Test
    void gatheredPageIsFreedBehindTheFlushAndNotBefore() {
        long free = kernel.pageAllocator().freePageCount();
        long pfn = page();
        tlb.debt().owe(0, 4096);
        tlb.removePage(pfn);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        steps.clear();
        tlb.finish(cpu);
        assertThat(steps).containsExactly("flush", "count " + pfn);
        assertThat(kernel.pageAllocator().freePageCount()).isEqualTo(free);
    }

    @Test
    void gatherThatOwesNothingFreesWithoutAFlush() {
        long pfn = page();
        tlb.removePage(pfn);
        steps.clear();
        tlb.finish(cpu);
        assertThat(steps).containsExactly("count " + pfn);
        assertThat(kernel.counters().sum(Counter.TLB_FLUSH_NEEDLESS)).isZero();
    }

    @Test
    void batchThatNobodyFlushesOverflows() {
        long pfn = page();
        memMap.pageRefAdd(cpu, pfn, 8192);
        for (int i = 0; i < 8192; i++) {
            tlb.removePage(pfn);
        }
        assertThatThrownBy(() -> tlb.removePage(pfn)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("overflows");
        tlb.finish(cpu);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        tlb.removePage(pfn);
        tlb.finish(cpu);
    }

    @Test
    void pageThatSomebodyElseReferencesLosesOneReferenceAndLives() {
        long pfn = page();
        memMap.pageRefAdd(cpu, pfn, 2);
        tlb.removePage(pfn);
        tlb.finish(cpu);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(2);
    }

    @Test
    void unlinkedTableOwesAFlushOfStructureAndIsFreedBehindIt() {
        PtDesc table = table();
        long tables = kernel.pageTables().physicalTables();
        tlb.freeTable(table, 3 * BLOCK);
        assertThat(tlb.debt().isStructure()).isTrue();
        assertThat(tlb.debt().startVaddr()).isEqualTo(3 * BLOCK);
        assertThat(tlb.debt().endVaddr()).isEqualTo(4 * BLOCK);
        assertThat(kernel.pageTables().physicalTables()).isEqualTo(tables);
        steps.clear();
        tlb.finish(cpu);
        assertThat(steps).containsExactly("flush", "count " + table.pfn());
        assertThat(kernel.pageTables().physicalTables()).isEqualTo(tables - 1);
        assertThat(memMap.mapping(table.pfn())).isNull();
    }

    @Test
    void flushComesFirstThenPagesThenReleasesThenTables() {
        long pfn = page();
        long released = page();
        PtDesc table = table();
        tlb.freeTable(table, 0);
        tlb.afterFlush((by, gather) -> {
            steps.add("release");
            gather.removePage(released);
        });
        tlb.removePage(pfn);
        steps.clear();
        tlb.finish(cpu);
        assertThat(steps).containsExactly("flush", "count " + pfn, "release", "count " + released,
                "count " + table.pfn());
    }

    @Test
    void releaseSeesNoDebt() {
        tlb.debt().owe(0, 4096);
        boolean[] owed = {true};
        tlb.afterFlush((by, gather) -> owed[0] = gather.debt().isOwed());
        tlb.finish(cpu);
        assertThat(owed[0]).isFalse();
        assertThat(mm.tlbFlushPending()).isZero();
    }

    @Test
    void flushedGatherFreesNothingTwiceAndIsUsedOn() {
        int[] releases = new int[1];
        tlb.removePage(page());
        tlb.freeTable(table(), 0);
        tlb.afterFlush((by, gather) -> releases[0]++);
        tlb.flush(cpu);
        long second = page();
        tlb.removePage(second);
        tlb.finish(cpu);
        tlb.finish(cpu);
        assertThat(releases[0]).isEqualTo(1);
        assertThat(memMap.pageRefCount(second)).isZero();
    }

    @Test
    void batchKeepsRoomForTheEntriesOfOneMoreTable() {
        long pfn = page();
        memMap.pageRefAdd(cpu, pfn, 8000);
        for (int i = 0; i < 8192 - 512; i++) {
            tlb.removePage(pfn);
        }
        assertThat(tlb.mustFlush()).isFalse();
        tlb.removePage(pfn);
        assertThat(tlb.mustFlush()).isTrue();
        tlb.flush(cpu);
        assertThat(tlb.mustFlush()).isFalse();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(8001 - 7681);
    }
}
