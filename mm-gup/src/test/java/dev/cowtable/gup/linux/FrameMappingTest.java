package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.access.FollowPfnmap;
import dev.cowtable.mm.access.RemapPfnRange;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames of a device in a process: entries without a count. */
class FrameMappingTest {
    static Stream<GupScene> eachDesign() {
        return OutsideAccessTest.eachDesign();
    }

    private static VmAreaStruct device(GupScene scene, MmStruct mm, long moreFlags) {
        long flags = GupScene.READ_WRITE | VmFlags.MAY_FLAGS | RemapPfnRange.VMA_FLAGS | moreFlags;
        int error = scene.kernel.memoryMap().mmapRegion(scene.cpu, mm, GupScene.vaddr(8), 2 * 4096L, flags,
                new AddressSpace("/dev/frames", false), 0);
        assertThat(error).isZero();
        VmAreaStruct vma = Objects.requireNonNull(mm.vmaLookup(GupScene.vaddr(8)));
        mm.mmapWriteLock(scene.cpu);
        assertThat(new RemapPfnRange(scene.kernel).remap(scene.cpu, vma, GupScene.vaddr(8), 100, 2)).isZero();
        mm.mmapWriteUnlock(scene.cpu);
        return vma;
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void frameOfADeviceIsKnownOnlyWhileItsTableIsLocked(GupScene scene) {
        MmStruct mm = scene.process(1);
        VmAreaStruct vma = device(scene, mm, VmFlags.SHARED | VmFlags.MAYSHARE);
        FollowPfnmap look = new FollowPfnmap(scene.kernel);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET)).isEqualTo(Errno.EFAULT.code());
        assertThat(look.start(scene.cpu, vma, GupScene.vaddr(9))).isZero();
        assertThat(look.pfn()).isEqualTo(101);
        assertThat(look.isWritable()).isTrue();
        assertThat(look.isSpecial()).isTrue();
        look.end(scene.cpu);

        VmAreaStruct plain = Objects.requireNonNull(mm.vmaLookup(GupScene.vaddr(0)));
        assertThat(look.start(scene.cpu, plain, GupScene.vaddr(0))).isEqualTo(Errno.EINVAL.code());
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void childGetsTheFramesOfADeviceInATableOfItsOwn(GupScene scene) {
        MmStruct parent = scene.process(1);
        device(scene, parent, 0);
        scene.cpu.memory().fillFrame(100, 0x2222_2222_2222_2222L);

        MmStruct child = scene.fork(parent);

        assertThat(scene.read(child, 8)).isEqualTo(0x22);
        assertThat(scene.ptePaddr(child, 8)).isNotEqualTo(scene.ptePaddr(parent, 8));
        scene.write(child, 8, 4);
        assertThat(scene.read(parent, 8)).isEqualTo(0x22);
        assertThat(scene.pfn(child, 8)).isNotEqualTo(100);
        assertThat(new FollowPfnmapProbe(scene, parent).isWritable(8)).isFalse();
        scene.assertKernelIsConsistent();
    }

    /** One look and its end. */
    private record FollowPfnmapProbe(GupScene scene, MmStruct mm) {
        boolean isWritable(int page) {
            FollowPfnmap look = new FollowPfnmap(scene.kernel);
            VmAreaStruct vma = Objects.requireNonNull(mm.vmaLookup(GupScene.vaddr(page)));
            assertThat(look.start(scene.cpu, vma, GupScene.vaddr(page))).isZero();
            boolean writable = look.isWritable();
            look.end(scene.cpu);
            return writable;
        }
    }
}
