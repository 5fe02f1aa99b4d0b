package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.Op;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The model's rules, one small story each; it is what everything else is measured with. */
class MemoryModelTest {

    private static List<String> results(String... lines) {
        MemoryModel model = new MemoryModel();
        Stream<Op> ops = Program.of(lines).scenario().ops().stream();
        return ops.map(model::perform).toList();
    }

    private static String lastResult(String... lines) {
        return results(lines).getLast();
    }

    @Test
    void childKeepsOldByteWhenParentWrites() {
        assertThat(results("P0 mmap A pages=1", "P0 write A+0 1", "P0 fork P1", "P0 write A+0 2", "P1 read A+0",
                "P0 read A+0"))
                .endsWith("ok v=1", "ok v=2");
    }

    @Test
    void wipedAndDroppedPagesReadAsZero() {
        assertThat(results("P0 mmap A pages=2", "P0 touchrange A 0 2 7", "P0 madvise A 0 1 wipeonfork", "P0 fork P1",
                "P1 readrange A 0 2", "P0 madvise A 1 2 dontneed", "P0 readrange A 0 2"))
                .endsWith("ok v=0,7", "ok", "ok v=7,0");
    }

    @Test
    void dontforkPagesAreMissingInTheChild() {
        assertThat(lastResult("P0 mmap A pages=2", "P0 madvise A 1 2 dontfork", "P0 fork P1", "P1 readrange A 0 2"))
                .isEqualTo("SIGSEGV/MAPERR at=+1");
    }

    @Test
    void pipeSeesWritesInPlaceBeforeForkAndNoneAfter() {
        assertThat(
                results("P0 mmap A pages=1", "P0 write A+0 1", "P0 vmsplice A 0 -> q0", "P0 write A+0 2", "P0 fork P1",
                        "P0 write A+0 3", "P1 write A+0 4", "P0 readpipe q0", "P0 readpipe q0"))
                .endsWith("ok v=2", "EAGAIN");
    }

    @Test
    void pinnedBufferStaysTheOwnersPageAcrossFork() {
        MemoryModel model = new MemoryModel();
        Program.of("P0 mmap A pages=1", "P0 write A+0 1", "P0 pin A 0 1", "P0 fork P1", "P0 write A+0 2").scenario()
                .ops()
                .forEach(model::perform);
        model.forEachPinned(value -> assertThat(value).isEqualTo(2));
    }

    @Test
    void protectionsGiveAccerrAndStopRanges() {
        assertThat(
                results("P0 mmap A pages=3", "P0 mprotect A 1 2 r", "P0 touchrange A 0 3 1", "P0 mprotect A 2 3 none",
                        "P0 readrange A 0 3", "P0 pin A 0 2"))
                .endsWith("SIGSEGV/ACCERR at=+1", "ok", "SIGSEGV/ACCERR at=+2", "EFAULT");
    }

    @Test
    void holesGiveEnomemAfterTheMappedPartWasAdvised() {
        assertThat(results("P0 mmap A pages=3", "P0 touchrange A 0 3 9", "P0 munmap A 1 2", "P0 madvise A 0 3 dontneed",
                "P0 read A+2", "P0 mprotect A 0 3 r", "P0 write A+2 1", "P0 write A+0 1"))
                .endsWith("ENOMEM", "ok v=0", "ENOMEM", "ok", "SIGSEGV/ACCERR");
    }
}
