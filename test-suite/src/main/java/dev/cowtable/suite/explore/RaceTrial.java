package dev.cowtable.suite.explore;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import java.util.ArrayList;
import java.util.List;

/** A kernel booted for one round of a race, and the checks when the round is over. */
final class RaceTrial {
    private static final long MEMORY_BYTES = 32L << 20;

    private final Machine machine;
    private final Kernel kernel;
    private final long freePagesAtBoot;
    private final Round round;

    RaceTrial(Race race, Design design, Executor executor) {
        machine = Machine.builder().cpus(race.cpus()).memoryBytes(MEMORY_BYTES).tlbPolicy(race.tlbPolicy())
                .executor(executor)
                .build();
        kernel = new Kernel(machine, design);
        freePagesAtBoot = kernel.pageAllocator().freePageCount();
        round = race.begin(kernel);
    }

    Machine machine() {
        return machine;
    }

    List<Body> bodies() {
        return round.bodies();
    }

    /** The invariants, the race's own oracle, and that the end of all processes leaves nothing. */
    List<String> check() {
        List<String> violations = new ArrayList<>();
        try {
            violations.addAll(new InvariantChecker(kernel).check(round.held()));
            violations.addAll(round.verdict());
            if (violations.isEmpty()) {
                violations.addAll(checkTeardown());
            }
        } catch (RuntimeException e) {
            violations.add("the end of the run meets " + e);
        }
        return violations;
    }

    private List<String> checkTeardown() {
        for (MmStruct mm : kernel.mms()) {
            kernel.exitMmap(machine.cpu(0), mm);
        }
        kernel.swap().swapoffAll(machine.cpu(0));
        kernel.lru().lruAddDrainAll(machine.cpu(0));
        long lost = freePagesAtBoot - kernel.pageAllocator().freePageCount();
        return lost == 0 ? List.of() : List.of(lost + " pages are lost when all processes have ended");
    }
}
