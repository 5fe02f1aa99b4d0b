package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which pages count as written since the last clearing. */
class SoftDirtyTest {
    static Stream<ForkScene> tracking() {
        return ForkScene.eachDesign().peek(scene -> scene.kernel.softDirty().enable());
    }

    private static boolean dirty(ForkScene scene, MmStruct mm, int page) {
        return scene.kernel.softDirty().isSoftDirty(scene.cpu, mm, ForkScene.vaddr(page));
    }

    private static void clear(ForkScene scene, MmStruct mm) {
        assertThat(scene.kernel.softDirty().clearRefs(scene.cpu, mm)).isZero();
    }

    @ParameterizedTest
    @MethodSource("tracking")
    void onlyPagesWrittenSinceTheClearingAreSoftDirty(ForkScene scene) {
        MmStruct mm = scene.process(3);
        assertThat(dirty(scene, mm, 1)).isTrue();

        clear(scene, mm);
        long before = scene.count(Counter.FAULT_MINOR);
        assertThat(scene.read(mm, 0)).isEqualTo(1);
        scene.write(mm, 1, 4);

        assertThat(scene.count(Counter.FAULT_MINOR)).isEqualTo(before + 1);
        assertThat(dirty(scene, mm, 0)).isFalse();
        assertThat(dirty(scene, mm, 1)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("tracking")
    void newMappingCountsAsWrittenUntilItIsCleared(ForkScene scene) {
        MmStruct mm = scene.process(1);
        clear(scene, mm);
        scene.map(mm, 5, 1, ForkScene.READ_WRITE);

        assertThat(dirty(scene, mm, 5)).isTrue();
        clear(scene, mm);
        assertThat(dirty(scene, mm, 5)).isFalse();
    }

    @ParameterizedTest
    @MethodSource("tracking")
    void mprotectDoesNotHandTheRightToWriteBackUnseen(ForkScene scene) {
        MmStruct mm = scene.process(2);
        clear(scene, mm);
        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(0), 8192, VmFlags.READ)).isZero();
        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(0), 8192, ForkScene.READ_WRITE))
                .isZero();

        scene.write(mm, 0, 3);

        assertThat(dirty(scene, mm, 0)).isTrue();
        assertThat(dirty(scene, mm, 1)).isFalse();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("tracking")
    void childInheritsWhatWasWrittenAndEachSideClearsForItself(ForkScene scene) {
        MmStruct parent = scene.process(3);
        clear(scene, parent);
        scene.write(parent, 1, 2);

        MmStruct child = scene.fork(parent);
        assertThat(dirty(scene, child, 0)).isFalse();
        assertThat(dirty(scene, child, 1)).isTrue();
        clear(scene, child);

        assertThat(dirty(scene, child, 1)).isFalse();
        assertThat(dirty(scene, parent, 1)).isTrue();
        scene.write(child, 2, 5);
        assertThat(dirty(scene, child, 2)).isTrue();
        assertThat(dirty(scene, parent, 2)).isFalse();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("tracking")
    void pageThatADeviceMayWriteStaysSoftDirty(ForkScene scene) {
        MmStruct mm = scene.process(2);
        scene.pin(mm, 0);

        clear(scene, mm);
        long before = scene.count(Counter.FAULT_MINOR);
        scene.write(mm, 0, 3);

        assertThat(scene.count(Counter.FAULT_MINOR)).isEqualTo(before);
        assertThat(dirty(scene, mm, 0)).isTrue();
        assertThat(dirty(scene, mm, 1)).isFalse();
        scene.assertKernelIsConsistent();
        scene.unpin();
    }

    @Test
    void clearingWithoutMemoryForTheBreakChangesNothing() {
        ForkScene scene = ForkScene.relaxed();
        scene.kernel.softDirty().enable();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);

        scene.kernel.failures().failAllAfter(0);
        int result = scene.kernel.softDirty().clearRefs(scene.cpu, child);
        scene.kernel.failures().off();

        assertThat(result).isEqualTo(Errno.ENOMEM.code());
        assertThat(dirty(scene, child, 0)).isTrue();
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void kernelWithoutTrackingHasNoSuchBit(ForkScene scene) {
        MmStruct mm = scene.process(1);

        assertThat(dirty(scene, mm, 0)).isFalse();
        assertThat(scene.kernel.softDirty().clearRefs(scene.cpu, mm)).isEqualTo(Errno.EINVAL.code());
    }
}
