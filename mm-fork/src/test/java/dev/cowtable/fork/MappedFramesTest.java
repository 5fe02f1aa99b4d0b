package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.fork.relaxed.RelaxedFork;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.access.FollowPfnmap;
import dev.cowtable.mm.access.RemapPfnRange;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames of a device, which nobody counts, in the same PTE table as private pages. */
class MappedFramesTest {
    private static final long DEVICE_PFN = 0x3_0000;
    private static final int DEVICE = 16;

    /** Eight written pages and, unmapped yet, four frames of a device. */
    private static MmStruct process(ForkScene scene) {
        MmStruct mm = scene.process(8);
        int error = scene.kernel.memoryMap().mmapRegion(scene.cpu, mm, ForkScene.vaddr(DEVICE), 4 * 4096L,
                ForkScene.READ_WRITE | VmFlags.MAY_FLAGS | RemapPfnRange.VMA_FLAGS, null,
                ForkScene.vaddr(DEVICE) >>> 12);
        assertThat(error).isZero();
        return mm;
    }

    private static int remap(ForkScene scene, MmStruct mm) {
        mm.mmapLock().downWrite(scene.cpu);
        int error = new RemapPfnRange(scene.kernel).remap(scene.cpu, scene.vma(mm, DEVICE), ForkScene.vaddr(DEVICE),
                DEVICE_PFN, 4);
        mm.mmapLock().upWrite(scene.cpu);
        return error;
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void framesMappedByOneSharerAreNotTheOthers(ForkScene scene) {
        MmStruct parent = process(scene);
        MmStruct child = scene.fork(parent);
        assertThat(remap(scene, parent)).isZero();
        assertThat(scene.pfn(parent, DEVICE + 3)).isEqualTo(DEVICE_PFN + 3);
        assertThat(scene.pte(child, DEVICE + 3)).isEqualTo(Pte.NONE);
        assertThat(scene.read(child, 7)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void framesAreNotMappedWithoutMemoryForTheBreak() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failOnceAfter(0);
        assertThat(remap(scene, parent)).isEqualTo(Errno.ENOMEM.code());
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.pte(parent, DEVICE)).isEqualTo(Pte.NONE);
        scene.assertKernelIsConsistent();
        assertThat(remap(scene, parent)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableWithMappedFramesIsPrivateToEachProcess() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        assertThat(remap(scene, parent)).isZero();
        MmStruct child = scene.fork(parent);
        assertThat(scene.count(Counter.TABLE_FALLBACK)).isEqualTo(1);
        assertThat(scene.table(parent, 0).isShared()).isFalse();
        assertThat(scene.pfn(child, DEVICE)).isEqualTo(DEVICE_PFN);
        assertThat(scene.mapcount(parent, 0)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void lookAtAMappedFrameChangesNothing(ForkScene scene) {
        MmStruct parent = process(scene);
        assertThat(remap(scene, parent)).isZero();
        MmStruct child = scene.fork(parent);
        FollowPfnmap look = new FollowPfnmap(scene.kernel);
        long entry = scene.pte(child, DEVICE + 1);
        child.mmapLock().downRead(scene.cpu);
        assertThat(look.start(scene.cpu, scene.vma(child, DEVICE + 1), ForkScene.vaddr(DEVICE + 1))).isZero();
        assertThat(look.pfn()).isEqualTo(DEVICE_PFN + 1);
        assertThat(look.isSpecial()).isTrue();
        assertThat(look.isWritable()).as("a private mapping").isFalse();
        look.end(scene.cpu);
        assertThat(look.start(scene.cpu, scene.vma(child, 0), ForkScene.vaddr(0))).isEqualTo(Errno.EINVAL.code());
        child.mmapLock().upRead(scene.cpu);
        assertThat(scene.pte(child, DEVICE + 1)).isEqualTo(entry);
        scene.assertKernelIsConsistent();
    }

    // ------------------------------------------------------- the variant that shares such tables

    /** Shares tables with mapped frames too, as the series of 2022 did. */
    private static final class SharesFrames implements ForkStrategyProvider {
        @Override
        public String name() {
            return "shares-frames";
        }

        @Override
        public String description() {
            return "relaxed with PFN-mapped entries in shared tables";
        }

        @Override
        public ForkStrategy create(Kernel kernel, Map<String, String> options) {
            return new RelaxedFork(kernel, new RelaxedSteps(kernel) {
                @Override
                protected boolean mayShareVma(ForkPass pass, int i) {
                    return pass.needsCopy(i);
                }
            });
        }
    }

    private static ForkScene sharingFrames() {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        return new ForkScene(new Kernel(machine, new Design(new SharesFrames(), Map.of(), new NoGupProvider())));
    }

    @Test
    void touchOfAMappedFrameMustNotMarkTheEntryOfASharedTable() {
        ForkScene scene = sharingFrames();
        MmStruct parent = process(scene);
        assertThat(remap(scene, parent)).isZero();
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(child, DEVICE)).isSameAs(scene.table(parent, DEVICE));
        scene.assertKernelIsConsistent();
        touch(scene, scene.table(child, DEVICE));
        assertThat(new InvariantChecker(scene.kernel).check()).anyMatch(violation -> violation.startsWith("I3 "));
    }

    @Test
    void touchThatBreaksTheTableFirstLeavesTheOtherSharerAlone() {
        ForkScene scene = sharingFrames();
        MmStruct parent = process(scene);
        assertThat(remap(scene, parent)).isZero();
        MmStruct child = scene.fork(parent);
        scene.assertKernelIsConsistent();
        long pmdPaddr = scene.kernel.pageTables().pmdOffset(scene.cpu, child, ForkScene.vaddr(DEVICE));
        child.mmapLock().downRead(scene.cpu);
        PtDesc table = Objects.requireNonNull(scene.kernel.pageTables().lockPrivate(scene.cpu, child, pmdPaddr,
                ForkScene.vaddr(DEVICE), BreakIntent.OTHER));
        touch(scene, table);
        table.ptl().unlock(scene.cpu);
        child.mmapLock().upRead(scene.cpu);
        assertThat(Pte.isDirty(scene.pte(child, DEVICE))).isTrue();
        assertThat(Pte.isDirty(scene.pte(parent, DEVICE))).isFalse();
        scene.assertKernelIsConsistent();
    }

    /** Mirrors: follow_pfn_pte() with FOLL_TOUCH | FOLL_WRITE, as it was up to 6.11. */
    private static void touch(ForkScene scene, PtDesc table) {
        scene.cpu.memory().fetchAndOr(PageTables.ptePaddr(table, ForkScene.vaddr(DEVICE)), Entry.A | Entry.D);
    }
}
