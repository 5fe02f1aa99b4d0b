package dev.cowtable.mm;

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
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The smallest design that mm-core can be tested with: tables are copied at fork, and nobody looks pages up. */
public final class TestDesign {
    private TestDesign() {
    }

    public static Design copying() {
        return new Design(new CopyingProvider(), Map.of(), new NoGupProvider());
    }

    /** A kernel with this design on a machine of two CPUs. */
    public static Kernel kernel(TlbPolicy policy) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(policy).build();
        return new Kernel(machine, copying());
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

    private static final class NoGupProvider implements GupStrategyProvider {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public String description() {
            return "finds no page";
        }

        @Override
        public GupStrategy create(Kernel kernel) {
            return new NoGup();
        }
    }

    private static final class NoGup implements GupStrategy {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
            return Errno.EFAULT.code();
        }

        @Override
        public int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
            return Errno.EFAULT.code();
        }

        @Override
        public void unpinUserPages(Cpu cpu, long[] pfns, int nrPages) {
            throw new UnsupportedOperationException("nothing was pinned");
        }

        @Override
        public void putUserPages(Cpu cpu, long[] pfns, int nrPages) {
            throw new UnsupportedOperationException("nothing was had");
        }
    }
}
