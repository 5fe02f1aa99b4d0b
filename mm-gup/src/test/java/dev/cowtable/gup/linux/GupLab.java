package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.CopyPteRange;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A kernel whose fork copies tables, and processes, for the tests of GUP. */
final class GupLab {
    static final long VADDR = 0x2_0000_0000L;

    private GupLab() {
    }

    static Kernel kernel() {
        return kernel(new LinuxGupProvider());
    }

    /** A kernel whose GUP has other steps. */
    static Kernel kernel(GupSteps steps) {
        return kernel(new GupStrategyProvider() {
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
        });
    }

    private static Kernel kernel(GupStrategyProvider gup) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        return new Kernel(machine, new Design(new CopyingProvider(), Map.of(), gup));
    }

    /** A process that has written the value 1 to each of its pages. */
    static MmStruct process(Kernel kernel, int pages) {
        Cpu cpu = kernel.machine().cpu(0);
        MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, mm, VADDR, pages * 4096L, VmFlags.READ | VmFlags.WRITE, false);
        for (int page = 0; page < pages; page++) {
            kernel.userAccess().writeByte(cpu, mm, VADDR + page * 4096L, 1);
        }
        return mm;
    }

    private static final class CopyingProvider implements ForkStrategyProvider {
        @Override
        public String name() {
            return "copying";
        }

        @Override
        public String description() {
            return "copies each table";
        }

        @Override
        public ForkStrategy create(Kernel kernel, Map<String, String> options) {
            return new Copying(new CopyPageRange(kernel), new CopyPteRange(kernel));
        }
    }

    private record Copying(CopyPageRange walk, CopyPteRange entries) implements ForkStrategy {
        @Override
        public String name() {
            return "copying";
        }

        @Override
        public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
            if (dst == null || !pass.needsCopy(pass.handledCount() - 1)) {
                return 0;
            }
            return walk.copy(cpu, pass, src,
                    (to, from, start, end) -> entries.copy(cpu, pass, dst, src, to, from, start, end));
        }

        @Override
        public BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
            return BreakResult.OK;
        }

        @Override
        public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
            return false;
        }
    }
}
