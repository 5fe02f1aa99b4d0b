package dev.cowtable.suite.explore;

import dev.cowtable.fork.relaxed.RelaxedFork;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.gup.linux.GupSteps;
import dev.cowtable.gup.linux.LinuxGup;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.lock.SeqCount;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Map;
import java.util.function.Function;

/** Designs in each of which one step is wrong. */
final class PlantedBugs {
    private PlantedBugs() {
    }

    /** GUP-fast pins without asking write_protect_seq whether a fork is or was at work. */
    static Design withoutWriteProtectSeq(String fork) {
        Design good = Design.parse(fork);
        return new Design(good.fork(), good.options(), new Gup());
    }

    /** A break drops its share of the table first and flushes afterwards. */
    static Design dropBeforeFlush() {
        return relaxed(kernel -> new RelaxedSteps(kernel) {
            @Override
            protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
                dropShare(cpu, table);
                kernel().tlbFlush().settle(cpu, debt);
            }
        });
    }

    /** A break never flushes. */
    static Design breakWithoutFlush() {
        return relaxed(kernel -> new RelaxedSteps(kernel) {
            @Override
            protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
                dropShare(cpu, table);
            }
        });
    }

    /** Fork relies on meeting no pin, not even a passing one, after it has looked at all entries of a table. */
    static Design noPinAfterTheLook() {
        return relaxed(kernel -> new RelaxedSteps(kernel) {
            @Override
            protected void accountPresent(Cpu cpu, EntryDup dup, long pte) {
                if (!dup.tryDupPage(cpu, Pte.pfn(pte))) {
                    throw new IllegalStateException("a page became pinned under the table's lock");
                }
            }
        });
    }

    private static Design relaxed(Function<Kernel, RelaxedSteps> steps) {
        Design good = Design.parse("relaxed");
        return new Design(new Fork(steps), Map.of(), good.gup());
    }

    private record Fork(Function<Kernel, RelaxedSteps> steps) implements ForkStrategyProvider {
        @Override
        public String name() {
            return "relaxed-with-a-bug";
        }

        @Override
        public String description() {
            return "relaxed with one wrong step";
        }

        @Override
        public ForkStrategy create(Kernel kernel, Map<String, String> options) {
            return new RelaxedFork(kernel, steps.apply(kernel));
        }
    }

    private record Gup() implements GupStrategyProvider {
        @Override
        public String name() {
            return "linux-without-seq";
        }

        @Override
        public String description() {
            return "linux without write_protect_seq";
        }

        @Override
        public GupStrategy create(Kernel kernel) {
            return new LinuxGup(kernel, new GupSteps() {
                @Override
                protected boolean forkIsRunning(int sequence) {
                    return false;
                }

                @Override
                protected boolean forkHasRun(Cpu cpu, SeqCount writeProtectSeq, int sequence) {
                    return false;
                }
            });
        }
    }
}
