package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.walk.Invlpgb;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores that memory has not seen yet (total store order: SDM volume 3, 8.2.2). */
class StoreBufferTest {
    private static final long WORD = 0x50_0000;

    private final Machine machine = Machine.builder().cpus(2).model(CpuModel.AMD).storeBuffer(4).build();
    private final Cpu cpu = machine.cpu(0);
    private final MemoryPort port = cpu.memory();
    private final PhysicalMemory memory = machine.memory();

    @Test
    void ownLoadsSeeABufferedStoreAndNobodyElseDoes() {
        port.write(WORD, 7);
        assertThat(port.read(WORD)).isEqualTo(7);
        assertThat(memory.read(WORD)).isZero();
        assertThat(port.physical().read(WORD)).isZero();
        assertThat(machine.cpu(1).memory().read(WORD)).isZero();
        assertThat(cpu.bufferedStores()).isEqualTo(1);
        assertThat(machine.cpu(1).bufferedStores()).isZero();
        assertThat(port.read(WORD + 8)).isZero();
    }

    @Test
    void storesReachMemoryOneByOneInOrder() {
        port.write(WORD, 1);
        port.write(WORD + 8, 2);
        port.write(WORD, 3);
        assertThat(port.read(WORD)).isEqualTo(3);
        assertThat(cpu.drainOneStore()).isTrue();
        assertThat(memory.read(WORD)).isEqualTo(1);
        assertThat(memory.read(WORD + 8)).isZero();
        assertThat(port.read(WORD)).isEqualTo(3);
        assertThat(cpu.drainOneStore()).isTrue();
        assertThat(memory.read(WORD + 8)).isEqualTo(2);
        assertThat(cpu.drainOneStore()).isTrue();
        assertThat(memory.read(WORD)).isEqualTo(3);
        assertThat(cpu.drainOneStore()).isFalse();
        assertThat(cpu.bufferedStores()).isZero();
    }

    @Test
    void fullBufferGivesUpItsOldestStoreAlone() {
        for (int i = 0; i < 11; i++) {
            port.write(WORD + 8L * i, i + 1);
            assertThat(cpu.bufferedStores()).isEqualTo(Math.min(i + 1, 4));
            for (int j = 0; j <= i; j++) {
                assertThat(memory.read(WORD + 8L * j)).isEqualTo(i - j < 4 ? 0 : j + 1);
                assertThat(port.read(WORD + 8L * j)).isEqualTo(j + 1);
            }
        }
    }

    @Test
    void partialStoresOfOneWordAreForwardedByteByByte() {
        memory.write(WORD, 0x1111_1111_1111_1111L);
        port.writeByte(WORD + 1, (byte) 0x22);
        port.writeByte(WORD + 7, (byte) 0x77);
        port.writeByte(WORD + 1, (byte) 0xf3);
        assertThat(port.read(WORD)).isEqualTo(0x7711_1111_1111_f311L);
        assertThat(port.readByte(WORD + 1)).isEqualTo((byte) 0xf3);
        assertThat(port.readByte(WORD + 2)).isEqualTo((byte) 0x11);
        machine.cpu(1).memory().fetchAndOr(WORD, 0xff00_0000L);
        assertThat(port.read(WORD)).as("what others wrote between").isEqualTo(0x7711_1111_ff11_f311L);
        cpu.mfence();
        assertThat(memory.read(WORD)).isEqualTo(0x7711_1111_ff11_f311L);
    }

    @Test
    void accessThatCrossesAPageIsTwoBufferedStores() {
        PageTables tables = new PageTables(machine);
        tables.map(VADDR, 0x300, FULL);
        tables.map(VADDR + 4096, 0x100, FULL);
        cpu.movToCr3(tables.root());
        cpu.store(VADDR + 4093, 8, Access.USER, 0x8877_6655_4433_2211L);
        assertThat(cpu.bufferedStores()).isEqualTo(2);
        long[] out = new long[1];
        cpu.load(VADDR + 4093, 8, Access.USER, out);
        assertThat(out[0]).isEqualTo(0x8877_6655_4433_2211L);
        cpu.drainOneStore();
        assertThat(memory.read(0x30_0ff8)).isEqualTo(0x3322_1100_0000_0000L);
        assertThat(memory.read(0x10_0000)).isZero();
        cpu.drainOneStore();
        assertThat(memory.read(0x10_0000)).isEqualTo(0x88_7766_5544L);
    }

    static Stream<Arguments> draining() {
        return Stream.of(draining("mfence", Cpu::mfence), draining("fence", cpu -> cpu.memory().fence()),
                draining("cmpxchg", cpu -> cpu.memory().compareAndExchange(0, 1, 2)),
                draining("lock or", cpu -> cpu.memory().fetchAndOr(0, 1)),
                draining("lock and", cpu -> cpu.memory().fetchAndAnd(0, 1)),
                draining("xchg", cpu -> cpu.memory().exchange(0, 1)),
                draining("lock and of a frame", cpu -> cpu.memory().frame(0).fetchAndAnd(0, 1)),
                draining("xchg of a frame", cpu -> cpu.memory().frame(0).exchange(0, 1)),
                draining("fill", cpu -> cpu.memory().fillFrame(3, 1)),
                draining("copy", cpu -> cpu.memory().copyFrame(3, 4)),
                draining("user xchg", cpu -> cpu.exchange(0x5000, Access.USER, 1, new long[1])),
                draining("invlpg", cpu -> cpu.invlpg(0)), draining("invpcid", cpu -> cpu.invpcid(2, 0, 0)),
                draining("invlpgb", cpu -> cpu.invlpgb(new Invlpgb(0, 0, 0))),
                draining("mov cr0", cpu -> cpu.movToCr0(cpu.cr0())),
                draining("mov cr3", cpu -> cpu.movToCr3(cpu.cr3())),
                draining("mov cr4", cpu -> cpu.movToCr4(cpu.cr4())),
                draining("efer", cpu -> cpu.writeEfer(cpu.efer())),
                draining("ipi", cpu -> cpu.machine().sendIpi(cpu, 0b10, target -> {})),
                draining("shootdown", cpu -> cpu.machine().shootdown(cpu, 0b10, target -> {})),
                draining("leave lazy TLB", Cpu::leaveLazyTlb));
    }

    private static Arguments draining(String name, Consumer<Cpu> operation) {
        return Arguments.of(name, operation);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("draining")
    void operationThatOrdersMemoryDrainsTheBuffer(String name, Consumer<Cpu> operation) {
        PageTables tables = new PageTables(machine);
        tables.map(0x5000, 0x300, FULL);
        cpu.movToCr3(tables.root());
        port.write(WORD, 7);
        port.writeByte(WORD + 9, (byte) 8);
        operation.accept(cpu);
        assertThat(cpu.bufferedStores()).isZero();
        assertThat(memory.read(WORD)).isEqualTo(7);
        assertThat(memory.read(WORD + 8)).isEqualTo(0x800);
    }

    @Test
    void handlerSeesWhatTheSenderStoredBefore() {
        port.write(WORD, 7);
        long[] seen = new long[1];
        machine.sendIpi(cpu, 0b10, target -> seen[0] = target.memory().read(WORD));
        assertThat(seen[0]).isEqualTo(7);
    }

    /** Who is passed by must not walk through what the sender has only in its buffer. */
    @Test
    void lazyCpuThatIsPassedByFindsTheSendersStoresInMemory() {
        machine.cpu(1).enterLazyTlb();
        port.write(WORD, 7);
        machine.shootdown(cpu, 0b10, target -> {});
        assertThat(machine.ipisSent()).isZero();
        assertThat(memory.read(WORD)).isEqualTo(7);
    }

    @Test
    void walkReadsMemoryNotTheBuffer() {
        PageTables tables = new PageTables(machine);
        long pte = tables.entryPaddr(VADDR, 1);
        cpu.movToCr3(tables.root());
        port.write(pte, 0x10_0000 | FULL);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(Fault.pageFault(4));
        assertThat(port.read(pte)).as("the CPU itself sees it").isEqualTo(0x10_0000 | FULL);
        cpu.drainOneStore();
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
    }

    /** The accessed flag goes to memory past the buffered store, which then overwrites it. */
    @Test
    void bufferedStoreToAnEntryOverwritesFlagsThatAWalkSetMeanwhile() {
        PageTables tables = new PageTables(machine);
        tables.map(VADDR, 0x100, FULL);
        cpu.movToCr3(tables.root());
        long pte = tables.entryPaddr(VADDR, 1);
        port.write(pte, 0x20_0000 | FULL);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
        assertThat(Entry.isAccessed(memory.read(pte))).isTrue();
        cpu.mfence();
        assertThat(memory.read(pte)).isEqualTo(0x20_0000 | FULL);
    }

    @Test
    void frameViewGoesThroughTheBufferToo() {
        FramePort frame = port.frame(WORD >>> 12);
        frame.write(3, 9);
        assertThat(frame.read(3)).isEqualTo(9);
        assertThat(memory.read(WORD + 24)).isZero();
        assertThat(frame.exchange(3, 10)).isEqualTo(9);
        assertThat(frame.fetchAndAnd(3, 8)).isEqualTo(10);
        assertThat(memory.read(WORD + 24)).isEqualTo(8);
    }

    @Test
    void bufferOfOneHoldsOne() {
        Machine small = Machine.builder().storeBuffer(1).build();
        small.cpu(0).memory().write(8, 1);
        assertThat(small.memory().read(8)).isZero();
        small.cpu(0).memory().write(16, 2);
        assertThat(small.memory().read(8)).isEqualTo(1);
        assertThat(small.memory().read(16)).isZero();
    }

    @Test
    void withoutABufferEveryStoreIsSeenAtOnce() {
        Machine plain = Machine.builder().storeBuffer(0).build();
        plain.cpu(0).memory().write(8, 1);
        plain.cpu(0).memory().writeByte(18, (byte) 0x99);
        assertThat(plain.memory().read(8)).isEqualTo(1);
        assertThat(plain.memory().read(16)).isEqualTo(0x99_0000);
        assertThat(plain.cpu(0).drainOneStore()).isFalse();
        assertThat(plain.cpu(0).bufferedStores()).isZero();
        assertThatThrownBy(() -> Machine.builder().storeBuffer(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("store buffer of -1");
    }
}
