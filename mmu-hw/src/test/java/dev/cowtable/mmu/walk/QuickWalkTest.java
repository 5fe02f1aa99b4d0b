package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.mmu.tlb.Translation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When the walk that changes nothing has an answer, and that it has none otherwise. Tables of level l: frame l. */
class QuickWalkTest {
    private static final long VADDR = 3L << 48 | 5L << 39 | 7L << 30 | 9L << 21 | 11L << 12;
    private static final int[] INDEXES = {0, 11, 9, 7, 5, 3};
    private static final long READY = Entry.P | Entry.RW | Entry.US | Entry.A;
    private static final long ROOT = Translation.root(0x5000, 5);

    private final PhysicalMemory memory = new PhysicalMemory(1L << 30);
    private final CpuModel model = CpuModel.AMD.withMaxPhyAddr(40);
    private final ControlRegisters registers = new ControlRegisters(model, 5);
    private final ReservedBits reserved = new ReservedBits(model);
    private final QuickWalk quick = new QuickWalk(memory);

    QuickWalkTest() {
        for (int level = 5; level > 1; level--) {
            set(level, (level - 1L) << 12 | READY);
        }
        set(1, 0x7000 | READY);
        modeChanged();
        memory.write(0x7000 + 8 * INDEXES[1], 0x8000 | READY | Entry.D);
    }

    private void modeChanged() {
        reserved.setExecuteDisable(registers.hasNxe());
        quick.modeChanged(registers, reserved);
    }

    private long slot(int level) {
        return (long) level << 12 | INDEXES[level] * 8L;
    }

    private void set(int level, long entry) {
        memory.write(slot(level), entry);
    }

    private void add(int level, long bits) {
        memory.fetchAndOr(slot(level), bits);
    }

    private long walk(int access) {
        return quick.walk(ROOT, VADDR, access);
    }

    @Test
    void pathWithAllFlagsSetIsAnswered() {
        long leaf = walk(Access.READ);
        assertThat(Translation.paddr(leaf)).isEqualTo(0x7000);
        assertThat(Translation.level(leaf)).isEqualTo(1);
        assertThat(leaf & Translation.RIGHTS).isEqualTo(Translation.RIGHTS);
        assertThat(leaf & Translation.DIRTY).isZero();
        assertThat(walk(Access.USER | Access.FETCH)).isEqualTo(leaf);
        assertThat(walk(AccessRights.SPECULATIVE)).isEqualTo(leaf);
    }

    @Test
    void writeIsAnsweredOnlyIfDirtyIsSetAlready() {
        assertThat(walk(Access.WRITE)).isZero();
        add(1, Entry.D);
        assertThat(walk(Access.WRITE) & Translation.DIRTY).isNotZero();
        assertThat(walk(Access.READ) & Translation.DIRTY).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void missingPresentOrAccessedIsNotAnswered(int level) {
        for (long bit : new long[] {Entry.P, Entry.A}) {
            memory.fetchAndAnd(slot(level), ~bit);
            assertThat(walk(Access.READ)).isZero();
            add(level, bit);
            assertThat(walk(Access.READ)).isNotZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void rightsAreThoseOfTheWholePath(int level) {
        memory.fetchAndAnd(slot(level), ~Entry.RW);
        assertThat(walk(Access.READ) & Translation.RIGHTS).isEqualTo(Translation.USER | Translation.EXECUTABLE);
        memory.fetchAndAnd(slot(level), ~Entry.US);
        add(level, Entry.XD);
        assertThat(walk(Access.READ) & Translation.RIGHTS).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 40", "1, 51", "2, 40", "3, 45", "4, 40", "5, 51", "4, 8", "5, 8", "2, 7", "3, 7", "4, 7", "5, 7"})
    void reservedBitOrLargePageIsNotAnswered(int level, int bit) {
        add(level, 1L << bit);
        assertThat(walk(Access.READ)).isZero();
    }

    @Test
    void bitSevenOfAPteIsItsMemoryType() {
        add(1, Entry.PAT | 3L << Entry.KEY_SHIFT | Entry.G);
        assertThat(Translation.patIndex(walk(Access.READ))).isEqualTo(4);
        assertThat(Translation.key(walk(Access.READ))).isEqualTo(3);
        assertThat(walk(Access.READ) & Translation.GLOBAL).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void executeDisableIsReservedWithoutNxe(int level) {
        add(level, Entry.XD);
        assertThat(walk(Access.READ)).isNotZero();
        registers.setEfer(Efer.LME);
        modeChanged();
        assertThat(walk(Access.READ)).isZero();
    }

    @Test
    void walkMayBeginBelowTheRoot() {
        long pde = Translation.table(ROOT, 0x1000 | Entry.P | Entry.US, 2);
        set(3, 0);
        assertThat(quick.walk(pde, VADDR, Access.READ) & Translation.RIGHTS)
                .isEqualTo(Translation.USER | Translation.EXECUTABLE);
        assertThat(walk(Access.READ)).isZero();
    }

    @Test
    void tableOfAFrameWithoutContentsOrOutsideMemoryIsNotAnswered() {
        assertThat(walk(Access.READ)).isNotZero();
        memory.fillFrame(2, 0);
        assertThat(walk(Access.READ)).isZero();
        set(2, 0x1000 | READY);
        assertThat(walk(Access.READ)).isNotZero();
        set(3, 1L << 39 | READY);
        assertThat(walk(Access.READ)).isZero();
    }
}
