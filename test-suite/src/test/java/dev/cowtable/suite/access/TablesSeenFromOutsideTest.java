package dev.cowtable.suite.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.access.ApplyToPageRange;
import dev.cowtable.mm.access.HmmRange;
import dev.cowtable.mm.access.HmmRangeFault;
import dev.cowtable.mm.access.RemapPfnRange;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What drivers and mirroring devices see and do of a child's tables, under every design: parent and child have two written pages. */
class TablesSeenFromOutsideTest {
    private static final long VADDR = 0x2_0000_0000L;
    private static final int DEVICE = 16;
    private static final long DEVICE_PFN = 0x3_0000;

    /** A parent with two written pages and, if asked for, a driver's empty mapping beside them, and its child. */
    private static final class Family {
        final Kernel kernel;
        final Cpu cpu;
        final MmStruct parent;
        final MmStruct child;

        /** Why all 512 pages without a driver: owner and ondemand share no table that is not one mapping's alone. */
        Family(String design, boolean driver) {
            Machine machine =
                    Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
            kernel = new Kernel(machine, Design.parse(design));
            cpu = machine.cpu(0);
            parent = Objects.requireNonNull(kernel.newMm(cpu));
            kernel.memoryMap().mmapAnonymous(cpu, parent, VADDR, (driver ? 3 : 512) * 4096L,
                    VmFlags.READ | VmFlags.WRITE, false);
            if (driver) {
                kernel.memoryMap().mmapRegion(cpu, parent, page(DEVICE), 4096,
                        VmFlags.READ | VmFlags.WRITE | VmFlags.MAY_FLAGS | RemapPfnRange.VMA_FLAGS, null,
                        page(DEVICE) >>> 12);
            }
            kernel.userAccess().writeByte(cpu, parent, page(0), 1);
            kernel.userAccess().writeByte(cpu, parent, page(1), 2);
            child = Objects.requireNonNull(kernel.fork(cpu, parent));
        }

        static long page(int number) {
            return VADDR + number * 4096L;
        }

        /** Flags of the word that a device is told of a page of the child, and the frame. */
        long mirror(int page, long asked) {
            long[] words = {asked};
            child.mmapLock().downRead(cpu);
            assertThat(new HmmRangeFault(kernel).hmmRangeFault(cpu, new HmmRange(child, page(page), words, 0)))
                    .isZero();
            child.mmapLock().upRead(cpu);
            return words[0];
        }

        /** The driver maps its frame in the child. */
        int mapFrame() {
            child.mmapLock().downRead(cpu);
            int error = new ApplyToPageRange(kernel).apply(cpu, child, page(DEVICE), 4096, (on, ptePaddr, vaddr) -> {
                on.memory().write(ptePaddr, Pte.mkspecial(
                        Pte.make(DEVICE_PFN, Objects.requireNonNull(child.vmaLookup(vaddr)).pageProt())));
                return 0;
            });
            child.mmapLock().upRead(cpu);
            return error;
        }

        int entriesOf(MmStruct mm) {
            int[] shown = new int[1];
            mm.mmapLock().downRead(cpu);
            assertThat(new ApplyToPageRange(kernel).applyExisting(cpu, mm, VADDR, 32 * 4096, (on, ptePaddr, vaddr) -> {
                shown[0]++;
                return 0;
            })).isZero();
            mm.mmapLock().upRead(cpu);
            return shown[0];
        }

        long read(MmStruct mm, int page) {
            return kernel.userAccess().readByte(cpu, mm, page(page));
        }

        void assertConsistent() {
            assertThat(new InvariantChecker(kernel).check()).isEmpty();
        }
    }

    static Stream<String> designs() {
        return Stream.of("classic", "relaxed", "relaxed:rmap=inplace", "relaxed:pmd=marked",
                "relaxed:pmd=marked,rmap=inplace", "owner", "ondemand");
    }

    @ParameterizedTest
    @MethodSource("designs")
    void mirrorThatReadsBreaksNoTableAndIsNotToldThatItMayWrite(String design) {
        Family family = new Family(design, false);
        assertThat(family.mirror(1, HmmRange.REQ_FAULT) & (HmmRange.VALID | HmmRange.WRITE)).isEqualTo(HmmRange.VALID);
        assertThat(family.mirror(2, 0)).isZero();
        assertThat(family.kernel.counters().sum(Counter.TABLE_SHARED)).isEqualTo(design.equals("classic") ? 0 : 1);
        assertThat(family.kernel.counters().sum(Counter.TABLE_BROKEN)).isZero();
        family.assertConsistent();
    }

    @ParameterizedTest
    @MethodSource("designs")
    void mirrorThatWritesHasAFrameOfTheChildsOwn(String design) {
        Family family = new Family(design, false);
        long before = HmmRange.pfn(family.mirror(0, HmmRange.REQ_FAULT));
        long told = family.mirror(0, HmmRange.REQ_FAULT | HmmRange.REQ_WRITE);
        assertThat(told & HmmRange.WRITE).isNotZero();
        assertThat(HmmRange.pfn(told)).isNotEqualTo(before);
        family.kernel.userAccess().writeByte(family.cpu, family.child, VADDR, 9);
        assertThat(family.read(family.parent, 0)).isEqualTo(1);
        family.assertConsistent();
    }

    @ParameterizedTest
    @MethodSource("designs")
    void entryThatADriverSetsInTheChildIsNotTheParents(String design) {
        Family family = new Family(design, true);
        assertThat(family.mapFrame()).isZero();
        assertThat(family.entriesOf(family.child)).isEqualTo(3);
        assertThat(family.entriesOf(family.parent)).isEqualTo(2);
        assertThat(family.read(family.child, 1)).isEqualTo(2);
        family.assertConsistent();
    }

    @Test
    void tableIsNotBrokenForADriverWithoutMemoryAndNothingChanges() {
        Family family = new Family("relaxed", true);
        family.kernel.failures().failOnceAfter(0);
        assertThat(family.mapFrame()).isEqualTo(Errno.ENOMEM.code());
        assertThat(family.kernel.counters().sum(Counter.TABLE_BROKEN)).isZero();
        family.assertConsistent();
        assertThat(family.mapFrame()).isZero();
        assertThat(family.entriesOf(family.parent)).isEqualTo(2);
    }
}
