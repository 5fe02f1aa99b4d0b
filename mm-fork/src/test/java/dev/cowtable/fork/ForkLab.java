package dev.cowtable.fork;

import dev.cowtable.fork.classic.ClassicForkProvider;
import dev.cowtable.fork.ondemand.OnDemandForkProvider;
import dev.cowtable.fork.owner.OwnerForkProvider;
import dev.cowtable.fork.relaxed.RelaxedForkProvider;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Kernels and processes for the tests of fork designs. */
final class ForkLab {
    static final long VADDR = 0x2_0000_0000L;

    private ForkLab() {
    }

    static List<Kernel> eachDesign() {
        return List.of(kernel(new ClassicForkProvider()), kernel(new RelaxedForkProvider()));
    }

    static Kernel relaxed() {
        return kernel(new RelaxedForkProvider());
    }

    /** The classic design, with large folios handled as batches ({@code on}) or entry by entry ({@code off}). */
    static Kernel classic(String batch) {
        return kernel(new ClassicForkProvider(), Map.of("batch", batch));
    }

    static Kernel owner() {
        return kernel(new OwnerForkProvider(), Map.of("series", "guarded"));
    }

    static Kernel onDemand() {
        return kernel(new OnDemandForkProvider());
    }

    /** The relaxed design with values for both of its options. */
    static Kernel relaxed(String rmap, String pmd) {
        return kernel(new RelaxedForkProvider(), Map.of("rmap", rmap, "pmd", pmd));
    }

    private static Kernel kernel(ForkStrategyProvider fork) {
        return kernel(fork, Map.of());
    }

    private static Kernel kernel(ForkStrategyProvider fork, Map<String, String> options) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        return new Kernel(machine, new Design(fork, options, new NoGupProvider()));
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
}
