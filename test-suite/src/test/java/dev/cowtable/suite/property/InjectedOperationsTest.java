package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every single allocation of every operation fails once: {@link FailureInjectionTest} for all that is built. */
@Timeout(240)
class InjectedOperationsTest {
    private static final int RANDOM_PROGRAMS = Integer.getInteger("cowtable.injected", 4);
    private static final List<String> DESIGNS = List.of("classic", "relaxed", "relaxed:rmap=inplace");
    private static final String[][] PROGRAMS = {
            {"mappings that are populated or locked", "P0 mmap A pages=3 populate", "P0 mmap B pages=2 locked",
                    "P0 mmap C pages=2 flags=shared populate", "P0 fork P1", "P1 write A+1 2", "P0 write B+0 3",
                    "P1 write C+1 4", "P1 mmap A pages=2 populate", "P0 read C+1"},
            {"shared memory", "P0 mmap A pages=4 flags=shared", "P0 touchrange A 0 2 1", "P0 fork P1", "P1 write A+2 5",
                    "P0 readrange A 0 4", "P1 madvise A dontneed", "P1 readrange A 0 4", "P0 mprotect A 0 1 r",
                    "P0 munmap A 1 3", "P1 write A+0 7"},
            {"move of part of a shared table", "P0 mmap A pages=16", "P0 touchrange A 0 6 1", "P0 fork P1",
                    "P1 mremap A 2 4 -> B", "P1 write B+0 3", "P0 readrange A 0 6", "P0 mremap A 0 3 -> A+8",
                    "P0 write A+8 9"},
            {"move into a shared table", "P0 mmap A pages=4", "P0 mmap B pages=6", "P0 touchrange A 0 4 1",
                    "P0 touchrange B 0 6 2", "P0 fork P1", "P1 mremap A 1 3 -> B+2", "P1 readrange B 0 6",
                    "P0 readrange B 0 6", "P0 mremap B 0 2 -> A+1"},
            {"growth, shrinking and a second mapping", "P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 fork P1",
                    "P1 mremap A 0 4 pages=6", "P1 write A+5 2", "P1 mremap A 0 6 pages=2",
                    "P0 mremap A 0 4 -> B pages=5",
                    "P0 write B+4 1", "P1 mremap A 0 2 -> C dontunmap", "P1 readrange C 0 2", "P1 write A+0 6"},
            {"move of whole tables", "P0 mmap A pages=1024", "P0 write A+0 1", "P0 write A+600 2", "P0 fork P1",
                    "P1 mremap A 0 1024 -> B", "P1 read B+600", "P0 mremap A 0 512 -> C", "P0 write C+0 4"},
            {"guards", "P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1", "P1 madvise A 2 4 guard_install",
                    "P1 read A+1", "P0 read A+2", "P1 fork P2", "P2 madvise A 3 4 guard_remove", "P2 write A+3 5",
                    "P0 mmap B pages=600", "P0 madvise B guard_install"},
            {"advice that makes or drops pages", "P0 mmap A pages=5", "P0 touchrange A 0 3 1", "P0 fork P1",
                    "P1 madvise A populate_read", "P0 madvise A populate_write", "P1 madvise A 0 2 free",
                    "P0 madvise A 1 3 cold", "P1 write A+0 6", "P0 madvise A 1 2 dontneed",
                    "P0 madvise A 0 1 dontneed_locked",
                    "P0 madvise A willneed", "P1 pmadvise P0 A 0 5 cold"},
            {"locks", "P0 mmap A pages=5", "P0 touchrange A 0 3 1", "P0 fork P1", "P1 mlock A 0 4",
                    "P0 mlock A 1 5 onfault",
                    "P0 write A+4 2", "P0 write A+1 2", "P1 munlock A 1 2", "P1 madvise A 0 4 dontneed_locked",
                    "P1 mremap A 0 4 -> B pages=6", "P0 mprotect A 0 2 r"},
            {"a swap file", "swap file", "P0 mmap A pages=5", "P0 touchrange A 0 4 7", "P0 madvise A pageout",
                    "P0 read A+1",
                    "P0 madvise A pageout", "P0 fork P1", "P1 read A+0", "P1 write A+1 2", "P0 write A+2 3",
                    "P0 readrange A 0 5", "P1 madvise A 1 3 pageout", "P1 mprotect A 0 4 none", "P1 munmap A 2 3",
                    "P0 madvise A 0 2 free", "P0 madvise A willneed"},
            {"zram", "swap zram", "P0 mmap A pages=5", "P0 touchrange A 0 4 7", "P0 write A+4 0",
                    "P0 madvise A pageout",
                    "P0 fork P1", "P1 fork P2", "P1 read A+0", "P2 write A+1 2", "P0 write A+2 3",
                    "P1 mremap A 1 3 -> B",
                    "P0 readrange A 0 5", "P2 madvise A 0 3 dontneed", "P1 readrange B 0 2", "P2 write A+3 4",
                    "P0 read A+3"},
            {"swapped shared memory", "swap file", "P0 mmap A pages=4 flags=shared", "P0 touchrange A 0 3 7",
                    "P0 madvise A pageout", "P0 read A+1", "P0 madvise A pageout", "P0 fork P1", "P1 read A+0",
                    "P1 write A+1 2", "P0 readrange A 0 4", "P0 madvise A willneed", "P1 mincore A"},
            {"shared memory on zram", "swap zram", "P0 mmap A pages=4 flags=shared", "P0 touchrange A 0 3 7",
                    "P0 madvise A pageout", "P0 fork P1", "P1 write A+1 2", "P0 readrange A 0 4", "P1 pin A 2 3",
                    "P0 odread A+0 3", "P1 read A+0"},
            {"pins of swapped and of shared pages", "swap zram", "P0 mmap A pages=5", "P0 touchrange A 0 3 7",
                    "P0 fork P1",
                    "P1 pin A 0 4", "P0 madvise A 0 2 pageout", "P0 pin A 1 5", "P1 fork P2", "P2 write A+0 3",
                    "P1 unpin A 0 4"},
            {"a device", "P0 mmap A pages=4", "P0 touchrange A 0 2 1", "P0 fork P1", "P1 odread A+0 2",
                    "P1 odwrite A+1",
                    "P0 odwrite A+2", "P0 odread A+3 1", "P1 read A+0", "P0 write A+1 5"},
            {"access from another process", "P0 mmap A pages=6", "P0 touchrange A 0 3 1", "P0 fork P1",
                    "P1 mprotect A 2 3 r",
                    "P0 memwrite P1 A+2 9", "P0 memread P1 A+5", "P1 pvmread P0 A+0", "P0 pvmwrite P1 A+1 6",
                    "P1 memwrite P0 A+3 4", "P1 pvmread P0 A+4", "P1 readrange A 0 6"},
            {"pipes", "P0 mmap A pages=4", "P0 touchrange A 0 2 1", "P0 fork P1", "P1 vmsplice A 0 -> q0",
                    "P1 write A+0 3",
                    "P1 vmsplice A 3 -> q0", "P0 vmsplice A 1 -> q1", "P0 write A+1 4", "P1 readpipe q0"},
    };

    static Stream<Arguments> programs() {
        return DESIGNS.stream().flatMap(design -> Stream.of(PROGRAMS).map(
                lines -> Arguments.of(design, lines[0], new Program(List.of(lines).subList(1, lines.length)))));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("programs")
    void everyAllocationThatFailsOnceLeavesNothingBehind(String design, String name, Program program) {
        assertThat(new Injection(Design.parse(design), program.scenario()).run()).as("failures injected").isPositive();
    }

    static Stream<Arguments> profiles() {
        return DESIGNS.stream().flatMap(design -> Stream.of(Profile.values()).map(kind -> Arguments.of(design, kind)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("profiles")
    void everyAllocationOfRandomProgramsOfEveryKindMayFailOnce(String design, Profile profile) {
        for (int seed = 0; seed < RANDOM_PROGRAMS; seed++) {
            Program program = ProgramGenerator.generate(new Random(seed), profile);
            new Injection(Design.parse(design), program.scenario()).run();
        }
    }
}
