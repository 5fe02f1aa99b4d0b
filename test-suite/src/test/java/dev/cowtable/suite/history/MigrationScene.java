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
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** P's page is taken away to be moved, P forks, the page comes back, P writes, C reads. */
final class MigrationScene {
    private static final long VADDR = 0x2_0000_0000L;

    private MigrationScene() {
    }

    /** What is wrong then, or null. */
    static @Nullable String run(String design) {
        Machine machine = Machine.builder().cpus(1).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL)
                .executor(new SingleThreadExecutor()).build();
        Kernel kernel = new Kernel(machine, Design.parse(design));
        Cpu cpu = machine.cpu(0);
        MmStruct parent = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, parent, VADDR, 4096, VmFlags.READ | VmFlags.WRITE, false);
        kernel.userAccess().writeByte(cpu, parent, VADDR, 1);
        kernel.lru().lruAddDrainAll(cpu);
        MigratePages migrate = new MigratePages(kernel);
        MigratePages.Migration move = Objects.requireNonNull(migrate.begin(cpu, pfn(kernel, cpu, parent)));
        MmStruct child = Objects.requireNonNull(kernel.fork(cpu, parent));
        migrate.finish(cpu, move);
        List<String> wrong = new ArrayList<>(new InvariantChecker(kernel).check());
        kernel.userAccess().writeByte(cpu, parent, VADDR, 2);
        long seen = kernel.userAccess().readByte(cpu, child, VADDR);
        if (seen != 1) {
            wrong.add("C reads " + seen);
        }
        return wrong.isEmpty() ? null : String.join("; ", wrong);
    }

    private static long pfn(Kernel kernel, Cpu cpu, MmStruct mm) {
        long pmd = cpu.memory().read(kernel.pageTables().pmdOffset(cpu, mm, VADDR));
        return Pte.pfn(
                cpu.memory().read(PageTables.ptePaddr(Objects.requireNonNull(kernel.pageTables().desc(pmd)), VADDR)));
    }
}
