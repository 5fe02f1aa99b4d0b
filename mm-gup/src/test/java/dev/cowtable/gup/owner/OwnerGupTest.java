package dev.cowtable.gup.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** COW_PTE_OWN_EXCLUSIVE: which look-ups mark a table, and what comes of it at fork. */
final class OwnerGupTest {
    private static final long VADDR = 0x2_0000_0000L;

    private Kernel kernel = kernel("owner");
    private Cpu cpu = kernel.machine().cpu(0);
    private MmStruct parent = process();
    private final long[] pfns = new long[1];

    private static Kernel kernel(String design) {
        return new Kernel(Machine.builder().cpus(2).memoryBytes(1L << 30).build(), Design.parse(design));
    }

    private void boot(String design) {
        kernel = kernel(design);
        cpu = kernel.machine().cpu(0);
        parent = process();
    }

    private MmStruct process() {
        MmStruct mm = Objects.requireNonNull(kernel.newMm(cpu));
        kernel.memoryMap().mmapAnonymous(cpu, mm, VADDR, 4096, VmFlags.READ | VmFlags.WRITE, false);
        write(mm, 1);
        return mm;
    }

    private void write(MmStruct mm, int value) {
        assertThat(kernel.userAccess().writeByte(cpu, mm, VADDR, value)).isZero();
    }

    private MmStruct fork() {
        return Objects.requireNonNull(kernel.fork(cpu, parent));
    }

    private PtDesc table(MmStruct mm) {
        long pmd = cpu.memory().read(kernel.pageTables().pmdOffset(cpu, mm, VADDR));
        return Objects.requireNonNull(kernel.pageTables().desc(pmd));
    }

    private GupStrategy gup() {
        return kernel.gupStrategy();
    }

    @Test
    void slowLookUpMarksTheTableAndForkCopiesIt() {
        assertThat(gup().getUserPages(cpu, parent, VADDR, 1, FollFlags.GET, pfns)).isEqualTo(1);
        assertThat(table(parent).isOwnExclusive()).isTrue();
        assertThat(table(fork())).isNotSameAs(table(parent));
    }

    @Test
    void locklessLookUpMarksTheTableAndForkCopiesIt() {
        assertThat(gup().getUserPagesFast(cpu, parent, VADDR, 1, FollFlags.PIN | FollFlags.WRITE, pfns)).isEqualTo(1);
        assertThat(kernel.counters().sum(Counter.GUP_FAST)).isEqualTo(1);
        assertThat(table(parent).isOwnExclusive()).isTrue();
        assertThat(table(fork())).isNotSameAs(table(parent));
    }

    @Test
    void unmarkedTableIsShared() {
        MmStruct child = fork();
        assertThat(table(child)).isSameAs(table(parent));
        assertThat(table(child).cowPteOwner()).isSameAs(parent);
    }

    @Test
    void lookUpThatTakesNothingMarksNothing() {
        assertThat(gup().getUserPages(cpu, parent, VADDR, 1, 0, pfns)).isEqualTo(1);
        assertThat(table(parent).isOwnExclusive()).isFalse();
    }

    /** The entry of the shared table may be written through, and the page says that it is exclusive; neither is true. */
    @Test
    void pageOfASharedTableIsMadePrivateBeforeItIsGivenAway() {
        MmStruct child = fork();
        int follFlags = FollFlags.PIN | FollFlags.WRITE;
        assertThat(gup().getUserPagesFast(cpu, child, VADDR, 1, follFlags, pfns)).isEqualTo(1);
        assertThat(table(child)).isNotSameAs(table(parent));
        cpu.memory().writeByte(pfns[0] << 12, (byte) 7);
        assertThat(kernel.userAccess().readByte(cpu, parent, VADDR)).isEqualTo(1);
        assertThat(kernel.userAccess().readByte(cpu, child, VADDR)).isEqualTo(7);
    }

    @Test
    void readOnlyPinOfASharedTableStaysWithWhoPinned() {
        MmStruct child = fork();
        assertThat(gup().getUserPagesFast(cpu, child, VADDR, 1, FollFlags.PIN, pfns)).isEqualTo(1);
        write(child, 9);
        assertThat(cpu.memory().readByte(pfns[0] << 12)).isEqualTo((byte) 9);
        assertThat(kernel.memMap().pageRefCount(pfns[0])).isGreaterThanOrEqualTo(MemMap.PIN_BIAS);
    }

    @Test
    void asPostedTheMarkOnASharedTableTakesItsOwnerAndItsBreak() {
        boot("owner:series=posted/owner-posted");
        MmStruct child = fork();
        assertThat(gup().getUserPagesFast(cpu, child, VADDR, 1, FollFlags.GET, pfns)).isEqualTo(1);
        assertThat(table(child).cowPteOwner()).isNull();
        assertThatThrownBy(() -> write(child, 2)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("COW_PTE_OWN_EXCLUSIVE");
    }

    @Test
    void onDemandForkRefusesToGiveASharedPageToAWriter() {
        boot("ondemand");
        kernel.memoryMap().mmapAnonymous(cpu, parent, VADDR, 512 * 4096, VmFlags.READ | VmFlags.WRITE, false);
        write(parent, 1);
        MmStruct child = fork();
        assertThat(table(child)).isSameAs(table(parent));
        for (int follFlags : new int[] {FollFlags.PIN, FollFlags.GET | FollFlags.WRITE}) {
            assertThatThrownBy(() -> gup().getUserPagesFast(cpu, child, VADDR, 1, follFlags, pfns))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(gup().getUserPagesFast(cpu, child, VADDR, 1, FollFlags.GET, pfns)).isEqualTo(1);
    }
}
