package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.TestDesign;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What another CPU does between a look at a PMD entry and the lock, and the door through which modifiers go. */
class TableLockingTest {
    private static final long VADDR = 0x40_5000;

    private final Scripted script = new Scripted();
    private final List<String> breaks = new ArrayList<>();
    private BreakResult breakResult = BreakResult.OK;
    private final Kernel kernel = new Kernel(Machine.builder().cpus(2).executor(script).build(),
            new Design(new Provider(), Map.of(), TestDesign.copying().gup()));
    private final Cpu cpu = kernel.machine().cpu(0);
    private final Cpu other = kernel.machine().cpu(1);
    private final PageTables pageTables = kernel.pageTables();
    private final MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
    private final long pmdPaddr = pageTables.pmdAlloc(cpu, mm, VADDR);

    /** Runs something once, when CPU 0 is about to take its n-th lock from now. */
    private static final class Scripted implements Executor {
        private int locksToGo;
        private @Nullable Runnable interference;

        void beforeLock(int nth, Runnable what) {
            locksToGo = nth;
            interference = what;
        }

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu by, Step kind, long where) {
            if (interference != null && by.id() == 0 && kind == Step.LOCK && --locksToGo == 0) {
                interference.run();
            }
        }

        @Override
        public void blockedOn(Cpu by, Waitable what) {
            throw new IllegalStateException("blocked on " + what.describe());
        }
    }

    private final class Provider implements ForkStrategyProvider {
        @Override
        public String name() {
            return "reowning";
        }

        @Override
        public String description() {
            return "makes a table private by throwing its other sharer out";
        }

        @Override
        public ForkStrategy create(Kernel of, Map<String, String> options) {
            return new Reowning();
        }
    }

    private final class Reowning implements ForkStrategy {
        @Override
        public String name() {
            return "reowning";
        }

        @Override
        public int copyVma(Cpu by, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
            return 0;
        }

        @Override
        public BreakResult breakTables(Cpu by, MmStruct of, long startVaddr, long endVaddr, BreakIntent intent) {
            breaks.add(intent + " 0x" + Long.toHexString(startVaddr) + " 0x" + Long.toHexString(endVaddr));
            if (breakResult == BreakResult.OK) {
                PtDesc table = table();
                table.removeSharer(table.sharer(1));
                table.dropShare();
                table.reown();
            }
            return breakResult;
        }

        @Override
        public boolean detachTable(Cpu by, MmuGather tlb, MmStruct of, long at, long vaddr) {
            return false;
        }
    }

    private PtDesc table() {
        return Objects.requireNonNull(pageTables.desc(kernel.machine().memory().read(pmdPaddr)));
    }

    @Test
    void secondOfTwoMakersUsesTheTableOfTheFirstAndFreesItsOwn() {
        long before = pageTables.physicalTables();
        script.beforeLock(2, () -> pageTables.pteAlloc(other, mm, pmdPaddr)); // after the zone lock: the pmd lock
        assertThat(pageTables.pteAlloc(cpu, mm, pmdPaddr)).isTrue();
        assertThat(mm.tables(1)).isEqualTo(1);
        assertThat(pageTables.physicalTables()).isEqualTo(before + 1);
        assertThat(table().isSharedBy(mm)).isTrue();
    }

    @Test
    void secondOfTwoMakersOfAnUpperTableFreesItsOwn() {
        long far = VADDR + (1L << 30);
        long before = pageTables.physicalTables();
        long[] first = new long[1];
        script.beforeLock(2, () -> first[0] = pageTables.pmdAlloc(other, mm, far));
        assertThat(pageTables.pmdAlloc(cpu, mm, far)).isEqualTo(first[0]);
        assertThat(mm.tables(2)).isEqualTo(2);
        assertThat(pageTables.physicalTables()).isEqualTo(before + 1);
    }

    @Test
    void tableThatGoesBeforeTheLockIsTakenIsNotHandedOut() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        script.beforeLock(1, () -> other.memory().write(pmdPaddr, 0));
        assertThat(pageTables.lockTable(cpu, pmdPaddr)).isNull();
        kernel.lockdep().assertNoneHeld(cpu);
    }

    @Test
    void tableThatReplacesItBeforeTheLockIsTakenIsTheOneHandedOut() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        PtDesc old = table();
        PtDesc made = Objects.requireNonNull(pageTables.newPteTable(cpu));
        script.beforeLock(1, () -> other.memory().write(pmdPaddr, made.paddr() | PageTables.TABLE_PROT));
        assertThat(pageTables.lockTable(cpu, pmdPaddr)).isSameAs(made);
        made.ptl().assertHeld(cpu);
        assertThat(old.ptl().isReady()).isTrue();
    }

    @Test
    void privateTableIsLockedWithoutAskingTheDesign() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        assertThat(pageTables.lockPrivate(cpu, mm, pmdPaddr, VADDR, BreakIntent.FAULT)).isSameAs(table());
        assertThat(breaks).isEmpty();
    }

    @Test
    void sharedTableIsBrokenForItsWholeBlockWithNoLockHeldAndThenLocked() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        table().addSharer(Objects.requireNonNull(kernel.newMm(cpu)), 0);
        assertThat(pageTables.lockPrivate(cpu, mm, pmdPaddr, VADDR, BreakIntent.MPROTECT)).isSameAs(table());
        assertThat(breaks).containsExactly("MPROTECT 0x400000 0x600000");
        assertThat(table().isShared()).isFalse();
        table().ptl().assertHeld(cpu);
        assertThat(kernel.lockdep().heldCount(cpu)).isEqualTo(1);
    }

    @Test
    void tableThatBecomesSharedBeforeTheLockIsTakenIsBrokenToo() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        MmStruct child = Objects.requireNonNull(kernel.newMm(cpu));
        script.beforeLock(1, () -> table().addSharer(child, 0));
        assertThat(pageTables.lockPrivate(cpu, mm, pmdPaddr, VADDR, BreakIntent.FAULT)).isSameAs(table());
        assertThat(breaks).hasSize(1);
    }

    @Test
    void breakThatFindsNoMemoryIsToldAndNothingIsLocked() {
        pageTables.pteAlloc(cpu, mm, pmdPaddr);
        table().addSharer(Objects.requireNonNull(kernel.newMm(cpu)), 0);
        breakResult = BreakResult.NOMEM;
        assertThat(pageTables.lockPrivate(cpu, mm, pmdPaddr, VADDR, BreakIntent.FAULT)).isSameAs(PtDesc.NO_MEMORY);
        kernel.lockdep().assertNoneHeld(cpu);
    }

    @Test
    void absentTableIsNothingToBreak() {
        assertThat(pageTables.lockPrivate(cpu, mm, pmdPaddr, VADDR, BreakIntent.FAULT)).isNull();
        assertThat(breaks).isEmpty();
    }
}
