package dev.cowtable.suite.history;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** P's page is on its way, P forks, C reads it and waits; the mover, on another CPU, goes on when somebody waits. */
final class MigrationWait implements Executor {
    static final String SEQUENCE = "scene: P0's page is on its way to another frame; P0 fork P1; P1 reads it and waits";
    private static final long VADDR = 0x2_0000_0000L;

    private @Nullable Runnable mover;

    private MigrationWait() {
    }

    /** What is wrong, checks and users, or null. */
    static @Nullable String run(String design) {
        MigrationWait waits = new MigrationWait();
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL)
                .executor(waits).build();
        Kernel kernel = new Kernel(machine, Design.parse(design));
        Cpu cpu = machine.cpu(0);
        MmStruct parent = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, parent, VADDR, 4096, VmFlags.READ | VmFlags.WRITE, false);
        kernel.userAccess().writeByte(cpu, parent, VADDR, 1);
        MigratePages migrate = new MigratePages(kernel);
        MigratePages.Migration move = Objects.requireNonNull(migrate.begin(machine.cpu(1), pfn(kernel, cpu, parent)));
        waits.mover = () -> migrate.finish(machine.cpu(1), move);
        MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent));
        long read = kernel.userAccess().readByte(cpu, child, VADDR);
        waits.moveOn();
        String violations = String.join("; ", new InvariantChecker(kernel).check());
        if (violations.isEmpty() && read == 1) {
            return null;
        }
        return (violations.isEmpty() ? "nothing" : violations) + "\nP1's read gives " + read + ", not 1";
    }

    private static long pfn(Kernel kernel, Cpu cpu, MmStruct mm) {
        long pmd = cpu.memory().read(kernel.pageTables().pmdOffset(cpu, mm, VADDR));
        return Pte.pfn(
                cpu.memory().read(PageTables.ptePaddr(Objects.requireNonNull(kernel.pageTables().desc(pmd)), VADDR)));
    }

    private void moveOn() {
        Runnable once = mover;
        mover = null;
        if (once != null) {
            once.run();
        }
    }

    @Override
    public boolean observesSteps() {
        return false;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        if (mover == null) {
            throw new IllegalStateException("blocked on " + what.describe() + " and nobody moves");
        }
        moveOn();
    }
}
