package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every single allocation of small programs fails once.
 *
 * <p>The operation answers with an errno, nothing of the process has changed that it could see, nothing leaks, all invariants hold,
 * and done again it ends as if nothing had failed.
 */
@Timeout(120)
class FailureInjectionTest {
    private static final int RANDOM_PROGRAMS = Integer.getInteger("cowtable.injected", 16);
    private static final String[][] PROGRAMS = {
            {"fork with several VMAs in one table", "P0 mmap A pages=4 at=0x200000000",
                    "P0 mmap B pages=3 at=0x200005000 prot=rwx",
                    "P0 mmap C pages=2 at=0x200009000", "P0 touchrange A 0 4", "P0 write B+1 5",
                    "P0 madvise C 0 1 wipeonfork",
                    "P0 write C+1 6", "P0 fork P1", "P1 readrange A 0 4", "P0 write A+1 9", "P1 write B+1 8",
                    "P1 exit"},
            {"nested forks", "P0 mmap A pages=3", "P0 touchrange A 0 3 1", "P0 fork P1", "P1 write A+0 2", "P1 fork P2",
                    "P2 write A+1 3", "P0 fork P3", "P3 read A+0", "P3 touchrange A 0 3 4", "P1 exit", "P2 write A+2 5",
                    "P0 exit"},
            {"fall back for pinned pages", "P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 pin A 1 3", "P0 fork P1",
                    "P0 write A+1 2", "P1 readrange A 0 4", "P1 fork P2", "P2 write A+2 7", "P0 unpin A 1 3",
                    "P0 fork P4"},
            {"munmap of part of a shared table", "P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1",
                    "P1 munmap A 2 4",
                    "P0 readrange A 0 6", "P1 write A+5 3", "P0 munmap A 0 1", "P0 munmap A"},
            {"dontneed of part of a shared table", "P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1",
                    "P1 madvise A 2 4 dontneed", "P1 write A+2 4", "P0 madvise A 0 6 dontneed", "P0 read A+1"},
            {"mprotect of part of a shared table", "P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1",
                    "P1 mprotect A 2 4 none", "P0 mprotect A 1 3 r", "P0 mprotect A 0 6 rwx", "P0 write A+2 7",
                    "P1 mprotect A 0 6 rw"},
            {"mmap over part of a shared table", "P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1",
                    "P1 mmap A pages=2",
                    "P1 readrange A 0 6", "P1 write A+0 3", "P0 mmap A pages=6", "P0 read A+0"},
            {"ranges over several tables", "P0 mmap A pages=1030 at=0x2001ff000", "P0 write A+0 1", "P0 write A+1 2",
                    "P0 write A+512 3", "P0 write A+600 4", "P0 write A+1026 5", "P0 fork P1",
                    "P1 madvise A 0 1030 dontneed",
                    "P1 read A+600", "P0 fork P2", "P2 mprotect A 600 1027 none", "P2 munmap A 0 514",
                    "P0 munmap A 1 1030", "P0 read A+0"},
            {"zero pages, pipes and pins in shared tables", "P0 mmap A pages=5", "P0 write A+0 1", "P0 read A+1",
                    "P0 fork P1",
                    "P1 readrange A 0 5", "P0 vmsplice A 3 -> q0", "P1 pin A 0 2", "P0 vmsplice A 0 -> q0",
                    "P0 fork P2", "P2 write A+0 5",
                    "P2 mprotect A 0 5 r", "P0 readpipe q0", "P0 readpipe q0"},
    };

    static Stream<Arguments> programs() {
        return Stream.of("classic", "relaxed").flatMap(design -> Stream.of(PROGRAMS)
                .map(lines -> Arguments.of(design, lines[0], new Program(List.of(lines).subList(1, lines.length)))));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("programs")
    void everyAllocationThatFailsOnceLeavesNothingBehind(String design, String name, Program program) {
        Injection injection = new Injection(Design.parse(design), program.scenario());
        assertThat(injection.run()).as("failures injected").isPositive();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"classic", "relaxed"})
    void everyAllocationOfRandomProgramsMayFailOnce(String design) {
        for (int seed = 0; seed < RANDOM_PROGRAMS; seed++) {
            Program program = ProgramGenerator.generate(new Random(seed));
            new Injection(Design.parse(design), program.scenario()).run();
        }
    }

    @ParameterizedTest(name = "{0} gives {1}")
    @CsvSource({"P1 munmap A 1 2, ENOMEM", "P1 mprotect A 1 2 none, ENOMEM", "P1 madvise A 1 2 dontneed, EAGAIN",
            "P1 mmap A pages=1, ENOMEM", "P1 write A+0 2, ENOMEM", "P1 read A+3, ENOMEM", "P1 fork P2, ENOMEM",
            "P1 touchrange A 0 2 5, ENOMEM at=+0", "P1 pin A 0 1, ENOMEM"})
    void operationThatCannotBreakASharedTableFailsWithItsErrno(String line, String errno) {
        Program program = Program.of("P0 mmap A pages=4", "P0 touchrange A 0 3 1", "P0 fork P1", line);
        LitmusSession session = new LitmusSession(program.scenario(), Design.parse("relaxed"), TlbPolicy.NONE);
        List<Op> ops = program.scenario().ops();
        ops.subList(0, 3).forEach(session::perform);
        session.kernel().failures().failOnceAfter(0);
        assertThat(Injection.result(session.perform(ops.getLast()))).isEqualTo(errno);
    }

    @Test
    void frameLeakedOnTheFailurePathIsCaught() {
        Design leaks = whenNoMemory("leaks", (kernel, cpu, mm, vaddr) -> kernel.pageAllocator().allocPage(cpu));
        assertThatThrownBy(() -> new Injection(leaks, partialMunmap().scenario()).run())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("I1 frame");
    }

    @Test
    void tableLostOnTheFailurePathIsCaught() {
        Design loses = whenNoMemory("loses", (kernel, cpu, mm, vaddr) -> {
            MmuGather gather = new MmuGather(kernel, mm);
            long block = vaddr & -AreaLayout.TABLE_BYTES;
            kernel.forkStrategy().detachTable(cpu, gather, mm, kernel.pageTables().pmdOffset(cpu, mm, block), block);
            gather.finish(cpu);
        });
        assertThatThrownBy(() -> new Injection(loses, partialMunmap().scenario()).run())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("P1 A+0\"=1");
    }

    private static Program partialMunmap() {
        return Program.of("P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 fork P1", "P1 munmap A 2 3");
    }

    @FunctionalInterface
    private interface Wrong {
        void act(Kernel kernel, Cpu cpu, MmStruct mm, long vaddr);
    }

    /** The relaxed design doing wrong when a break finds no memory. */
    private static Design whenNoMemory(String name, Wrong wrong) {
        return TestDesigns.aroundRelaxed(name, (kernel, wrapped) -> new TestDesigns.Wrapper(kernel, wrapped) {
            @Override
            public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                BreakResult result = super.breakTables(cpu, mm, start, end, intent);
                if (result == BreakResult.NOMEM) {
                    wrong.act(kernel, cpu, mm, start);
                }
                return result;
            }
        });
    }
}
