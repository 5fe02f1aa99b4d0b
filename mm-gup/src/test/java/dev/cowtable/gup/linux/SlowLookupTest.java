package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the slow look-up permits, what it faults in, and how it fails. */
class SlowLookupTest {
    private static final int EFAULT = Errno.EFAULT.code();
    private static final int FORCE = FollFlags.FORCE;

    /** Maps page 8 with exactly these VM_ flags. */
    private static void mapWithFlags(GupScene scene, MmStruct mm, long flags) {
        int error = scene.kernel.memoryMap().mmapRegion(scene.cpu, mm, GupScene.vaddr(8), 4096, flags, null, 0);
        assertThat(error).isZero();
    }

    @Test
    void missingPageIsFaultedInForAWrite() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.map(mm, 8, 1, GupScene.READ_WRITE);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET | GupScene.WRITE)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(scene.pfn(mm, 8)).isNotEqualTo(scene.kernel.zeroPfn());
        assertThat(Pte.isWritable(scene.pte(mm, 8))).isTrue();
        assertThat(scene.isExclusive(scene.pfns[0])).isTrue();
        scene.assertKernelIsConsistent();
    }

    @Test
    void missingPageIsTheZeroPageForARead() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.map(mm, 8, 1, GupScene.READ_WRITE);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(scene.kernel.zeroPfn());
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void addressWithoutAMappingIsRefused(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);

        int had = fast ? scene.fast(mm, 5, 1, GupScene.GET) : scene.slow(mm, 5, 1, GupScene.GET);

        assertThat(had).isEqualTo(EFAULT);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(ints = {FollFlags.GET, FollFlags.PIN, FollFlags.PIN | FollFlags.WRITE})
    void protNoneMappingIsRefusedThoughItsPageIsThere(int follFlags) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, 0);

        assertThat(scene.fast(mm, 0, 1, follFlags)).isEqualTo(EFAULT);

        assertThat(scene.refcount(scene.pfn(mm, 0))).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void forceReadsAProtNoneMapping() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, 0);

        assertThat(scene.slow(mm, 0, 1, GupScene.GET | FORCE)).isEqualTo(1);

        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void writeToAReadOnlyMappingIsRefusedWithoutForce() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, VmFlags.READ);

        assertThat(scene.fast(mm, 0, 1, GupScene.GET | GupScene.WRITE)).isEqualTo(EFAULT);
        assertThat(scene.fast(mm, 0, 1, GupScene.GET)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void forcedWriteToAReadOnlyMappingUsesTheExclusivePageAndLeavesTheEntryReadOnly() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, VmFlags.READ);
        long pfn = scene.pfn(mm, 0);

        assertThat(scene.slow(mm, 0, 1, GupScene.GET | GupScene.WRITE | FORCE)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(pfn);
        assertThat(Pte.isWritable(scene.pte(mm, 0))).isFalse();
        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void forcedWriteToASharedPageOfAReadOnlyMappingGetsACopy() {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);
        scene.protect(child, 0, 1, VmFlags.READ);
        long shared = scene.pfn(parent, 0);

        assertThat(scene.slow(child, 0, 1, GupScene.PIN | GupScene.WRITE | FORCE)).isEqualTo(1);
        scene.cpu.memory().writeByte(scene.pfns[0] << 12, (byte) 9);

        assertThat(scene.pfns[0]).isNotEqualTo(shared);
        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfns[0]);
        assertThat(Pte.isWritable(scene.pte(child, 0))).isFalse();
        assertThat(scene.read(child, 0)).isEqualTo(9);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void forcedWriteToASharedMappingThatIsReadOnlyIsRefused() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        long flags = VmFlags.READ | VmFlags.MAYREAD | VmFlags.SHARED | VmFlags.MAYSHARE | VmFlags.MAYWRITE;
        mapWithFlags(scene, mm, flags);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET | GupScene.WRITE | FORCE)).isEqualTo(EFAULT);
        scene.assertKernelIsConsistent();
    }

    @Test
    void mappingThatMayNeverBeReadIsRefusedByForceToo() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        mapWithFlags(scene, mm, 0);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET | FORCE)).isEqualTo(EFAULT);
        assertThat(scene.slow(mm, 8, 1, GupScene.GET | GupScene.WRITE | FORCE)).isEqualTo(EFAULT);
    }

    @ParameterizedTest
    @ValueSource(longs = {VmFlags.IO, VmFlags.PFNMAP})
    void deviceMappingIsRefusedEvenByForce(long flag) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        long flags = GupScene.READ_WRITE | VmFlags.MAY_FLAGS | flag;
        mapWithFlags(scene, mm, flags);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET | FORCE)).isEqualTo(EFAULT);
    }

    @Test
    void nofaultTakesWhatIsThereAndFaultsNothingIn() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(2);
        scene.map(mm, 2, 1, GupScene.READ_WRITE);
        long faults = scene.count(Counter.FAULT_MINOR);

        assertThat(scene.slow(mm, 0, 2, GupScene.GET | FollFlags.NOFAULT)).isEqualTo(2);
        assertThat(scene.slow(mm, 2, 1, GupScene.GET | FollFlags.NOFAULT)).isEqualTo(EFAULT);

        assertThat(scene.pte(mm, 2)).isEqualTo(Pte.NONE);
        assertThat(scene.count(Counter.FAULT_MINOR)).isEqualTo(faults);
        scene.assertKernelIsConsistent();
    }

    @Test
    void nofaultPinOfASharedPageIsRefusedAsItWouldHaveToBeCopied() {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);

        assertThat(scene.slow(child, 0, 1, GupScene.PIN | FollFlags.NOFAULT)).isEqualTo(EFAULT);

        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfn(parent, 0));
        scene.assertKernelIsConsistent();
    }

    // | page 0 | page 1 | hole | page 3 |
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pagesBeforeAHoleAreTheResult(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(4);
        assertThat(scene.kernel.memoryMap().munmap(scene.cpu, mm, GupScene.vaddr(2), 4096)).isZero();

        int had = fast ? scene.fast(mm, 0, 4, GupScene.PIN) : scene.slow(mm, 0, 4, GupScene.PIN);

        assertThat(had).isEqualTo(2);
        assertThat(scene.refcount(scene.pfn(mm, 1))).isEqualTo(1 + MemMap.PIN_BIAS);
        assertThat(scene.refcount(scene.pfn(mm, 3))).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void shortageOfMemoryIsReportedAndLeavesNothingBehind() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.map(mm, 8, 1, GupScene.READ_WRITE);
        scene.kernel.failures().failAllAfter(0);

        assertThat(scene.slow(mm, 8, 1, GupScene.GET | GupScene.WRITE)).isEqualTo(Errno.ENOMEM.code());

        assertThat(scene.kernel.lockdep().heldCount(scene.cpu)).isZero();
        scene.assertKernelIsConsistent();
    }
}
