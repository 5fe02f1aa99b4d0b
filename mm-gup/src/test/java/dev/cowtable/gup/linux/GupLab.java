package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.Objects;

/** Kernels with classic fork, and processes, for the tests of GUP. */
final class GupLab {
    static final long VADDR = 0x2_0000_0000L;

    private GupLab() {
    }

    static Kernel kernel() {
        return kernel(new LinuxGupProvider());
    }

    /** A kernel whose GUP has other steps. */
    static Kernel kernel(GupSteps steps) {
        return kernel(steps, new SingleThreadExecutor());
    }

    static Kernel kernel(GupSteps steps, Executor executor) {
        return kernel(planted(steps), executor);
    }

    private static GupStrategyProvider planted(GupSteps steps) {
        return new GupStrategyProvider() {
            @Override
            public String name() {
                return "planted";
            }

            @Override
            public String description() {
                return "with a bug";
            }

            @Override
            public GupStrategy create(Kernel kernel) {
                return new LinuxGup(kernel, steps);
            }
        };
    }

    private static Kernel kernel(GupStrategyProvider gup) {
        return kernel(gup, new SingleThreadExecutor());
    }

    private static Kernel kernel(GupStrategyProvider gup, Executor executor) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL)
                .executor(executor).build();
        return new Kernel(machine, new Design(Design.parse("classic").fork(), Map.of(), gup));
    }

    /** A process that has written the value 1 to each of its pages. */
    static MmStruct process(Kernel kernel, int pages) {
        Cpu cpu = kernel.machine().cpu(0);
        MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, mm, VADDR, pages * 4096L, VmFlags.READ | VmFlags.WRITE, false);
        for (int page = 0; page < pages; page++) {
            kernel.userAccess().writeByte(cpu, mm, VADDR + page * 4096L, 1);
        }
        kernel.lru().lruAddDrain(cpu);
        return mm;
    }
}
