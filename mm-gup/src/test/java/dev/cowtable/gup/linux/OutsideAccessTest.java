package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.access.DirectIo;
import dev.cowtable.mm.access.ProcMem;
import dev.cowtable.mm.access.ProcessVm;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads and writes of a process's pages by debuggers, other processes and devices. */
class OutsideAccessTest {
    static Stream<GupScene> eachDesign() {
        return Stream.of("classic", "relaxed").map(name -> {
            Machine machine =
                    Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
            return new GupScene(new Kernel(machine, Design.parse(name)));
        });
    }

    private static int forcedWrite(GupScene scene, MmStruct mm, int page, int value) {
        return new ProcMem(scene.kernel).write(scene.cpu, mm, GupScene.vaddr(page), value);
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void forcedWriteIntoAReadOnlyMappingGetsAnExclusiveCopyThatStaysReadOnly(GupScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        scene.protect(child, 0, 2, VmFlags.READ);

        assertThat(forcedWrite(scene, child, 0, 9)).isZero();

        assertThat(scene.read(child, 0)).isEqualTo(9);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        assertThat(Pte.isWritable(scene.pte(child, 0))).isFalse();
        assertThat(scene.isExclusive(scene.pfn(child, 0))).isTrue();
        long copied = scene.count(Counter.PAGE_COPY);
        assertThat(forcedWrite(scene, child, 0, 8)).isZero();
        assertThat(scene.count(Counter.PAGE_COPY)).isEqualTo(copied);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void forcedWriteIntoAnUntouchedInaccessibleMappingMakesAPage(GupScene scene) {
        MmStruct mm = scene.process(1);
        scene.map(mm, 4, 1, 0);

        assertThat(forcedWrite(scene, mm, 4, 5)).isZero();

        assertThat(new ProcMem(scene.kernel).read(scene.cpu, mm, GupScene.vaddr(4))).isEqualTo(5);
        assertThat(scene.read(mm, 4)).isNegative();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void forcedWriteIntoASharedReadOnlyMappingFails(GupScene scene) {
        MmStruct mm = scene.process(1);
        assertThat(scene.kernel.memoryMap().mmapShared(scene.cpu, mm, GupScene.vaddr(4), 4096, VmFlags.READ, false))
                .isZero();

        assertThat(forcedWrite(scene, mm, 4, 5)).isEqualTo(Errno.EIO.code());
        assertThat(new ProcMem(scene.kernel).read(scene.cpu, mm, GupScene.vaddr(4))).isZero();
        assertThat(new ProcessVm(scene.kernel).writev(scene.cpu, mm, GupScene.vaddr(4), 1))
                .isEqualTo(Errno.EFAULT.code());
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void onlyADebuggerIgnoresTheRightsOfAMapping(GupScene scene) {
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, VmFlags.READ);
        ProcessVm processVm = new ProcessVm(scene.kernel);

        assertThat(processVm.writev(scene.cpu, mm, GupScene.vaddr(0), 3)).isEqualTo(Errno.EFAULT.code());
        assertThat(processVm.readv(scene.cpu, mm, GupScene.vaddr(0))).isEqualTo(1);
        scene.protect(mm, 0, 1, 0);
        assertThat(processVm.readv(scene.cpu, mm, GupScene.vaddr(0))).isEqualTo(Errno.EFAULT.code());
        assertThat(new ProcMem(scene.kernel).read(scene.cpu, mm, GupScene.vaddr(0))).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void readThroughAPinMakesThePageExclusiveAndThroughAReferenceDoesNot(GupScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);

        assertThat(new ProcMem(scene.kernel).read(scene.cpu, child, GupScene.vaddr(0))).isEqualTo(1);
        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfn(parent, 0));
        assertThat(new ProcessVm(scene.kernel).readv(scene.cpu, child, GupScene.vaddr(0))).isEqualTo(1);

        assertThat(scene.pfn(child, 0)).isNotEqualTo(scene.pfn(parent, 0));
        assertThat(scene.isExclusive(scene.pfn(child, 0))).isTrue();
        assertThat(Pte.isWritable(scene.pte(child, 0))).isFalse();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void deviceReadsIntoTheProcessesOwnCopyOnly(GupScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        DirectIo directIo = new DirectIo(scene.kernel);

        assertThat(directIo.read(scene.cpu, child, GupScene.vaddr(0), 113)).isEqualTo(4096);

        assertThat(scene.read(child, 0)).isEqualTo(113);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        assertThat(scene.kernel.memMap().testFlag(scene.pfn(child, 0), PageFlags.DIRTY)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void forkDuringATransferGivesTheChildACopyAndTheDeviceThePage(GupScene scene) {
        MmStruct parent = scene.process(2);
        DirectIo directIo = new DirectIo(scene.kernel);
        DirectIo.Transfer transfer = directIo.new Transfer();
        assertThat(directIo.begin(scene.cpu, parent, GupScene.vaddr(0), true, transfer)).isZero();

        MmStruct child = scene.fork(parent);
        scene.write(parent, 1, 3);
        scene.cpu.memory().fillFrame(transfer.pfn(), 0x7070_7070_7070_7070L);
        transfer.complete(scene.cpu);

        assertThat(scene.read(parent, 0)).isEqualTo(0x70);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void deviceWritesWhatThePageHoldsAndZerosForOneThatWasNeverWritten(GupScene scene) {
        MmStruct mm = scene.process(1);
        scene.map(mm, 4, 1, GupScene.READ_WRITE);
        byte[] out = new byte[4096];

        assertThat(new DirectIo(scene.kernel).write(scene.cpu, mm, GupScene.vaddr(0), out)).isEqualTo(4096);
        assertThat(out[0]).isEqualTo((byte) 1);
        assertThat(new DirectIo(scene.kernel).write(scene.cpu, mm, GupScene.vaddr(4), out)).isEqualTo(4096);
        assertThat(out[0]).isZero();
        assertThat(new DirectIo(scene.kernel).write(scene.cpu, mm, GupScene.vaddr(9), out))
                .isEqualTo(Errno.EFAULT.code());
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void secondTouchOfAListedPageHoldsItInABatchAndCostsACopyLater(GupScene scene) {
        MmStruct parent = scene.process(1);
        scene.kernel.lru().lruAddDrainAll(scene.cpu);
        scene.kernel.exitMmap(scene.cpu, scene.fork(parent));
        long pfn = scene.pfn(parent, 0);
        ProcMem procMem = new ProcMem(scene.kernel);

        assertThat(procMem.read(scene.cpu, parent, GupScene.vaddr(0))).isEqualTo(1);
        assertThat(procMem.read(scene.cpu, parent, GupScene.vaddr(0))).isEqualTo(1);
        scene.write(parent, 0, 2);

        assertThat(scene.pfn(parent, 0)).isNotEqualTo(pfn);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("eachDesign")
    void dumpLooksFindNeitherHolesNorTheZeroPage(GupScene scene) {
        MmStruct mm = scene.process(1);
        scene.map(mm, 4, 2, GupScene.READ_WRITE);
        assertThat(scene.read(mm, 4)).isZero();

        int flags = GupScene.GET | FollFlags.DUMP;
        assertThat(scene.slow(mm, 0, 1, flags)).isEqualTo(1);
        assertThat(scene.slow(mm, 4, 1, flags)).isEqualTo(Errno.EFAULT.code());
        assertThat(scene.slow(mm, 5, 1, flags)).isEqualTo(Errno.EFAULT.code());
        assertThat(scene.fast(mm, 5, 1, GupScene.GET | FollFlags.FAST_ONLY)).isZero();
        scene.assertKernelIsConsistent();
    }
}
