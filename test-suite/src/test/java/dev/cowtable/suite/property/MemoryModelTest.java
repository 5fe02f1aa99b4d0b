package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.suite.litmus.Op;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The model's rules, one small story each; it is what everything else is measured with. */
class MemoryModelTest {

    private static List<String> results(String... lines) {
        MemoryModel model = new MemoryModel();
        Stream<Op> ops = Program.of(lines).scenario().ops().stream();
        return ops.map(op -> model.perform(op).toString()).toList();
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
        model.forEachPinned(value -> assertThat(value).hasToString("2"));
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

    @Test
    void sharedMemoryIsOnePageForParentAndChildAndOutlivesDontneed() {
        assertThat(results("P0 mmap A pages=2 flags=shared", "P0 write A+0 1", "P0 fork P1", "P1 write A+0 2",
                "P0 madvise A dontneed", "P0 read A+0", "P1 munmap A", "P0 readrange A"))
                .endsWith("ok v=2", "ok", "ok v=2,0");
    }

    @Test
    void sharedMemoryEndsWhereItsFirstMappingDid() {
        assertThat(results("P0 mmap A pages=2 flags=shared", "P0 mremap A 0 2 pages=4", "P0 read A+2",
                "P0 madvise A populate_read", "P0 memread P0 A+2", "P0 mlock A"))
                .endsWith("ok", "SIGBUS/ADRERR", "EFAULT", "EIO", "ENOMEM");
    }

    @Test
    void guardsRaiseMaperrAndAreInheritedMovedAndKeptByDontneed() {
        assertThat(results("P0 mmap A pages=3", "P0 touchrange A 0 3 7", "P0 madvise A 0 1 guard_install",
                "P0 madvise A 0 1 dontneed", "P0 fork P1", "P1 mremap A 0 2 -> B", "P1 readrange B", "P0 pin A 0 1",
                "P0 madvise A guard_remove", "P0 readrange A"))
                .endsWith("SIGSEGV/MAPERR at=+0", "EFAULT", "ok", "ok v=0,7,7");
    }

    @Test
    void protectionsAreToldBeforeGuards() {
        assertThat(results("P0 mmap A pages=1", "P0 madvise A guard_install", "P0 mprotect A r", "P0 write A+0 1",
                "P0 madvise A populate_write", "P0 madvise A populate_read"))
                .endsWith("SIGSEGV/ACCERR", "EINVAL", "EFAULT");
    }

    @Test
    void lockedMappingsRefuseWhatWouldTakeTheirPagesAfterWhatComesBefore() {
        assertThat(results("P0 mmap A pages=2", "P0 touchrange A 0 2 7", "P0 mlock A 1 2", "P0 madvise A dontneed",
                "P0 readrange A", "P0 madvise A 1 2 free", "P0 madvise A 1 2 pageout", "P0 madvise A 1 2 cold",
                "P0 madvise A 1 2 guard_install", "P0 madvise A 1 2 dontneed_locked", "P0 read A+1"))
                .endsWith("EINVAL", "ok v=0,7", "EINVAL", "EINVAL", "EINVAL", "EINVAL", "ok", "ok v=0");
    }

    @Test
    void lockedReadOnlyMappingIsMadeItsOwnersByMprotect() {
        assertThat(results("P0 mmap A pages=1 locked prot=r", "P0 mprotect A rw", "P0 vmsplice A 0 -> q0",
                "P0 write A+0 7", "P0 readpipe q0", "P0 mmap A pages=1", "P0 vmsplice A 0 -> q0", "P0 write A+0 7",
                "P0 readpipe q0"))
                .containsSubsequence("ok", "ok v=7", "ok v=0");
    }

    @Test
    void freedPagesReadAsTheyWereOrAsZeroOnlyAfterPageout() {
        assertThat(results("P0 mmap A pages=2", "P0 touchrange A 0 2 5", "P0 madvise A free", "P0 readrange A",
                "P0 write A+0 6", "P0 madvise A pageout", "P0 readrange A", "P0 write A+1 8", "P0 readrange A"))
                .endsWith("ok v=5,5", "ok", "ok", "ok v=6,5|0", "ok", "ok v=6,8");
    }

    @Test
    void freeOfAPageThatMayBeSwappedIsFeltAtOnce() {
        assertThat(lastResult("swap file", "P0 mmap A pages=1", "P0 write A+0 5", "P0 madvise A pageout",
                "P0 madvise A free", "P0 read A+0")).isEqualTo("ok v=5|0");
    }

    @Test
    void moveOfOneLengthTakesSeveralMappingsAndSkipsHoles() {
        assertThat(results("P0 mmap A pages=4", "P0 touchrange A", "P0 mprotect A 1 2 r", "P0 munmap A 2 3",
                "P0 mmap B pages=4", "P0 touchrange B 0 4 9", "P0 mremap A 0 4 -> B", "P0 readrange B",
                "P0 write B+1 1", "P0 read A+0"))
                .endsWith("ok", "ok v=0,1,9,3", "SIGSEGV/ACCERR", "SIGSEGV/MAPERR");
    }

    @Test
    void moveThatChangesTheLengthTakesOneMapping() {
        assertThat(results("P0 mmap A pages=4", "P0 mprotect A 1 2 r", "P0 mremap A 0 3 -> B pages=4",
                "P0 mremap A 0 3 -> B pages=1", "P0 read A+2", "P0 mremap A 3 4 -> A+3",
                "P0 mremap A 3 4 -> B pages=2 dontunmap", "P0 mremap A 0 1 -> B"))
                .endsWith("EFAULT", "ok", "SIGSEGV/MAPERR", "EINVAL", "EINVAL", "EFAULT");
    }

    @Test
    void mappingThatWasCutAndMadeAlikeAgainMayBeOneOrTwo() {
        assertThat(lastResult("P0 mmap A pages=4", "P0 mprotect A 1 2 r", "P0 mprotect A 1 2 rw",
                "P0 mremap A 0 3 -> B pages=4")).isEqualTo("ok or EFAULT");
    }

    @Test
    void dontunmapLeavesAnEmptyAndUnlockedMapping() {
        assertThat(results("P0 mmap A pages=4 locked", "P0 touchrange A", "P0 mremap A 1 3 -> B dontunmap",
                "P0 readrange B", "P0 readrange A", "P0 madvise A dontneed", "P0 madvise B dontneed"))
                .endsWith("ok v=1,2", "ok v=0,0,0,3", "ok", "EINVAL");
    }

    @Test
    void dontunmapOfALockIsRefusedWhereItsEndsHangOnMerges() {
        assertThatThrownBy(() -> results("P0 mmap A pages=4 locked", "P0 mprotect A 1 2 r", "P0 mprotect A 1 2 rw",
                "P0 mremap A 2 4 -> B dontunmap")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> results("P0 mmap A pages=8 locked", "P0 mremap A 0 2 -> A+4 dontunmap"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void growthInPlaceNeedsRoomAndShrinkingOnlyAStart() {
        assertThat(results("P0 mmap A pages=4", "P0 touchrange A", "P0 mremap A 0 2 pages=3", "P0 munmap A 2 3",
                "P0 mremap A 0 2 pages=3", "P0 readrange A", "P0 munmap A 2 3", "P0 mremap A 0 4 pages=1",
                "P0 readrange A", "P0 mremap A 2 4 pages=1"))
                .endsWith("ENOMEM", "ok", "ok", "ok v=0,1,0,3", "ok", "ok", "SIGSEGV/MAPERR at=+1", "EFAULT");
    }

    @Test
    void otherProcessesAccessByForceOrByRight() {
        assertThat(results("P0 mmap A pages=1 prot=none", "P0 fork P1", "P1 memwrite P0 A+0 3", "P1 memread P0 A+0",
                "P1 pvmread P0 A+0", "P1 memread P1 A+0", "P0 mmap B pages=1 prot=r flags=shared",
                "P1 memwrite P0 B+0 1", "P1 pvmwrite P0 B+0 1", "P1 pvmread P0 B+0", "P1 memread P1 B+0"))
                .endsWith("ok", "ok v=3", "EFAULT", "ok v=0", "ok", "EIO", "EFAULT", "ok v=0", "EIO");
    }

    @Test
    void shortReadOnlyPinMakesACommonPageItsOwnersAgain() {
        String[] common = {"P0 mmap A pages=1", "P0 write A+0 1", "P0 fork P1", "P1 exit"};
        String[] spliced = {"P0 vmsplice A 0 -> q0", "P0 write A+0 2", "P0 readpipe q0"};
        assertThat(lastResult(joined(common, spliced))).isEqualTo("ok v=1");
        assertThat(lastResult(joined(joined(common, "P0 odwrite A+0"), spliced))).isEqualTo("ok v=2");
        assertThat(lastResult(joined(joined(common, "P0 memread P0 A+0"), spliced))).isEqualTo("ok v=1");
    }

    private static String[] joined(String[] first, String... second) {
        return Stream.concat(Stream.of(first), Stream.of(second)).toArray(String[]::new);
    }

    @Test
    void adviceToOthersIsColdPageoutAndWillneed() {
        assertThat(results("P0 mmap A pages=1", "P0 fork P1", "P0 pmadvise P1 A dontneed", "P0 pmadvise P1 A cold",
                "P0 pmadvise P0 A dontneed", "P1 mlock A", "P0 pmadvise P1 A pageout"))
                .endsWith("EINVAL", "ok or ok n=4096", "ok or ok n=4096", "ok", "EINVAL");
    }
}
