package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loads and stores of 1 to 8 bytes at any address. Two pages that follow each other lie in frames 300 and 100. */
class OperandTest {
    private static final long SECOND = VADDR + 4096;
    private static final long FIRST_FRAME = 0x30_0000;
    private static final long SECOND_FRAME = 0x10_0000;
    private static final int USER_WRITE = Access.USER | Access.WRITE;

    private final Machine machine = Machine.builder().build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);
    private final long[] out = new long[1];

    OperandTest() {
        tables.map(VADDR, 0x300, FULL);
        tables.map(SECOND, 0x100, FULL);
        cpu.movToCr3(tables.root());
        for (int i = 0; i < 4096; i++) {
            machine.memory().writeByte(FIRST_FRAME + i, (byte) (i * 7 + 1));
            machine.memory().writeByte(SECOND_FRAME + i, (byte) (i * 11 + 128));
        }
    }

    private long frame(long vaddr) {
        return vaddr < SECOND ? FIRST_FRAME + (vaddr - VADDR) : SECOND_FRAME + (vaddr - SECOND);
    }

    /** Little-endian. */
    private long expected(long vaddr, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (machine.memory().readByte(frame(vaddr + i)) & 0xff);
        }
        return value;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void loadIsLittleEndianAndZeroExtendedAtEveryOffset(int bytes) {
        for (long vaddr = SECOND - 24; vaddr < SECOND + 24; vaddr++) {
            out[0] = -1;
            assertThat(cpu.load(vaddr, bytes, Access.USER, out)).isZero();
            assertThat(out[0]).as("%x", vaddr).isEqualTo(expected(vaddr, bytes));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void storeWritesItsBytesAndNoOthersAtEveryOffset(int bytes) {
        long value = 0xfedc_ba98_7654_3210L;
        for (long vaddr = SECOND - 16; vaddr < SECOND + 8; vaddr++) {
            long before = expected(vaddr - 8, 8);
            long after = expected(vaddr + bytes, 8);
            assertThat(cpu.store(vaddr, bytes, Access.USER, value)).isZero();
            assertThat(expected(vaddr, bytes)).as("%x", vaddr).isEqualTo(value & (-1L >>> (64 - 8 * bytes)));
            assertThat(expected(vaddr - 8, 8)).as("before %x", vaddr).isEqualTo(before);
            assertThat(expected(vaddr + bytes, 8)).as("after %x", vaddr).isEqualTo(after);
        }
    }

    @Test
    void operandOfNoBytesOrMoreThanEightIsRefused() {
        assertThatThrownBy(() -> cpu.load(VADDR, 0, Access.READ, out)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("an operand of 0 bytes");
        assertThatThrownBy(() -> cpu.store(VADDR, 9, Access.READ, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> cpu.readWord(VADDR + 4, Access.READ, out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("linear address 0xffff9200c0a06004 is not a multiple of 8");
        assertThatThrownBy(() -> cpu.writeWord(VADDR + 1, Access.READ, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> cpu.exchange(VADDR + 2, Access.READ, 0, out))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** First page read-only, second missing: the first decides. First missing, second read-only: the first again. */
    @Test
    void lowerPageIsCheckedFirstAndWholly() {
        tables.map(VADDR, 0x300, Entry.P | Entry.US);
        tables.map(SECOND, 0, 0);
        assertThat(cpu.store(SECOND - 3, 8, Access.USER, -1)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.cr2()).isEqualTo(SECOND - 3);
        tables.map(VADDR, 0, 0);
        tables.map(SECOND, 0x100, Entry.P | Entry.US);
        cpu.invlpg(VADDR);
        assertThat(cpu.store(SECOND - 3, 8, Access.USER, -1)).isEqualTo(Fault.pageFault(6));
        assertThat(cpu.cr2()).isEqualTo(SECOND - 3);
        assertThat(cpu.counters().pageFaults()).isEqualTo(2);
    }

    @Test
    void faultOfTheUpperPageNamesItsFirstByteAndNothingIsWritten() {
        tables.map(SECOND, 0x100, Entry.P | Entry.US);
        long first = expected(SECOND - 8, 8);
        long second = expected(SECOND, 8);
        for (int below = 1; below < 8; below++) {
            assertThat(cpu.store(SECOND - below, 8, Access.USER, -1)).isEqualTo(Fault.pageFault(7));
            assertThat(cpu.cr2()).isEqualTo(SECOND);
        }
        assertThat(expected(SECOND - 8, 8)).isEqualTo(first);
        assertThat(expected(SECOND, 8)).isEqualTo(second);
        assertThat(cpu.store(SECOND - 8, 8, Access.USER, -1)).as("does not cross").isZero();
        assertThat(Entry.isDirty(tables.get(VADDR, 1))).isTrue();
        assertThat(Entry.isAccessed(tables.get(SECOND, 1))).isFalse();
    }

    @Test
    void faultingLoadLeavesTheResultAlone() {
        tables.map(SECOND, 0, 0);
        out[0] = 42;
        assertThat(cpu.load(SECOND - 1, 2, Access.USER, out)).isEqualTo(Fault.pageFault(4));
        assertThat(cpu.cr2()).isEqualTo(SECOND);
        assertThat(cpu.load(SECOND, 1, Access.READ, out)).isEqualTo(Fault.pageFault(0));
        assertThat(cpu.readWord(SECOND, Access.READ, out)).isEqualTo(Fault.pageFault(0));
        assertThat(cpu.exchange(SECOND, Access.READ, 1, out)).isEqualTo(Fault.pageFault(2));
        assertThat(cpu.readByte(SECOND, Access.USER)).isEqualTo(Fault.pageFault(4));
        assertThat(out[0]).isEqualTo(42);
        assertThat(cpu.load(SECOND - 1, 1, Access.USER, out)).isZero();
    }

    @Test
    void operandThatEndsOutsideTheCanonicalHalfIsGeneralProtectionWithoutAWalk() {
        long last = 0x7fff_ffff_ffffL;
        tables.map(last, 0x300, FULL);
        assertThat(cpu.load(last - 7, 8, Access.USER, out)).isZero();
        long walks = cpu.counters().walks();
        for (int bytes = 2; bytes <= 8; bytes++) {
            assertThat(cpu.load(last, bytes, Access.USER, out)).isEqualTo(Fault.GENERAL_PROTECTION);
        }
        assertThat(cpu.store(last - 6, 8, Access.USER, 0)).isEqualTo(Fault.GENERAL_PROTECTION);
        assertThat(cpu.store(0xffff_7fff_ffff_ffffL, 2, Access.USER, 0)).isEqualTo(Fault.GENERAL_PROTECTION);
        assertThat(cpu.load(1L << 62, 1, Access.USER, out)).isEqualTo(Fault.GENERAL_PROTECTION);
        assertThat(cpu.counters().walks()).isEqualTo(walks);
        assertThat(cpu.cr2()).isZero();
        assertThat(Entry.isDirty(tables.get(last, 1))).isFalse();
    }

    @Test
    void fiveLevelsMoveTheEndOfTheCanonicalHalf() {
        Machine wide = Machine.builder().pagingLevels(5).build();
        PageTables its = new PageTables(wide);
        wide.cpu(0).movToCr3(its.root());
        its.map(0x7fff_ffff_f000L, 0x300, FULL);
        its.map(0x8000_0000_0000L, 0x301, FULL);
        assertThat(wide.cpu(0).store(0x7fff_ffff_fffdL, 8, Access.USER, 0x1122_3344_5566_7788L)).isZero();
        assertThat(wide.memory().read(0x30_0ff8)).isEqualTo(0x6677_8800_0000_0000L);
        assertThat(wide.memory().read(0x30_1000)).isEqualTo(0x11_2233_4455L);
        assertThat(wide.cpu(0).load(0xff_ffff_ffff_fffdL, 8, Access.USER, out)).isEqualTo(Fault.GENERAL_PROTECTION);
    }

    @Test
    void storeIsAWriteWhateverTheAccessSays() {
        tables.map(VADDR, 0x300, Entry.P | Entry.US);
        assertThat(cpu.store(VADDR, 2, Access.USER, 0)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.store(VADDR, 2, USER_WRITE, 0)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.writeByte(VADDR, Access.USER, 0)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.writeWord(VADDR, Access.USER, 0)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.exchange(VADDR, Access.USER, 0, out)).isEqualTo(Fault.pageFault(7));
        assertThat(cpu.load(VADDR, 2, USER_WRITE, out)).as("a load for a read-modify-write").isEqualTo(
                Fault.pageFault(7));
    }

    /** Its address is what "no fault" looks like. */
    @Test
    void frameZeroIsAFrameLikeOthers() {
        long hits = cpu.counters().tlbHits();
        tables.map(SECOND, 0, FULL);
        assertThat(cpu.store(SECOND, 2, Access.USER, 0xabcd)).isZero();
        assertThat(cpu.load(SECOND, 2, Access.USER, out)).isZero();
        assertThat(out[0]).isEqualTo(0xabcd);
        assertThat(cpu.store(SECOND - 1, 2, Access.USER, 0x1234)).isZero();
        assertThat(cpu.load(SECOND - 1, 2, Access.USER, out)).isZero();
        assertThat(out[0]).isEqualTo(0x1234);
        assertThat(machine.memory().read(0)).isEqualTo(0xab12);
        assertThat(cpu.translate(SECOND, Access.USER)).isZero();
        assertThat(cpu.counters().tlbHits() - hits).as("each hit counts once").isEqualTo(5);
    }

    @Test
    void wordsAndBytesAndExchangesSeeEachOther() {
        assertThat(cpu.writeWord(VADDR + 16, Access.USER, 0x1122_3344_5566_7788L)).isZero();
        assertThat(cpu.writeByte(VADDR + 17, Access.USER, 0xf_ffee)).isZero();
        assertThat(cpu.readWord(VADDR + 16, Access.READ, out)).isZero();
        assertThat(out[0]).isEqualTo(0x1122_3344_5566_ee88L);
        assertThat(cpu.readByte(VADDR + 17, Access.READ)).isEqualTo(0xee);
        assertThat(cpu.readByte(VADDR + 23, Access.READ)).isEqualTo(0x11);
        assertThat(cpu.exchange(VADDR + 16, Access.USER, 5, out)).isZero();
        assertThat(out[0]).isEqualTo(0x1122_3344_5566_ee88L);
        assertThat(machine.memory().read(FIRST_FRAME + 16)).isEqualTo(5);
        assertThat(Entry.isDirty(tables.get(VADDR, 1))).isTrue();
    }
}
