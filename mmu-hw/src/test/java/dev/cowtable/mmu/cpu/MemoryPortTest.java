package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation of a port gives what memory gives, with and without a store buffer, after exactly one step. */
class MemoryPortTest {
    private static final long WORD = 0x7010;

    private final Recorder recorder = new Recorder();

    private Cpu cpu(int depth) {
        return Machine.builder().executor(recorder).storeBuffer(depth).build().cpu(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void wordsByAddress(int depth) {
        Cpu cpu = cpu(depth);
        MemoryPort port = cpu.memory();
        port.write(WORD, 0b1100);
        assertThat(port.read(WORD)).isEqualTo(0b1100);
        assertThat(port.fetchAndOr(WORD, 0b0011)).isEqualTo(0b1100);
        assertThat(port.fetchAndAnd(WORD, 0b0110)).isEqualTo(0b1111);
        assertThat(port.exchange(WORD, 9)).isEqualTo(0b0110);
        assertThat(port.compareAndExchange(WORD, 8, 1)).isEqualTo(9);
        assertThat(port.compareAndExchange(WORD, 9, 2)).isEqualTo(9);
        assertThat(port.physical().read(WORD)).isEqualTo(2);
        cpu.mfence();
        assertThat(recorder.take()).containsExactly("WRITE 7010", "READ 7010", "READ_MODIFY_WRITE 7010",
                "READ_MODIFY_WRITE 7010", "READ_MODIFY_WRITE 7010", "READ_MODIFY_WRITE 7010",
                "READ_MODIFY_WRITE 7010", "FENCE 0");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void bytesByAddress(int depth) {
        MemoryPort port = cpu(depth).memory();
        for (int i = 0; i < 8; i++) {
            port.writeByte(WORD + i, (byte) (0xf0 + i));
        }
        port.writeByte(WORD + 3, (byte) 0x7f);
        for (int i = 0; i < 8; i++) {
            assertThat(port.readByte(WORD + i)).isEqualTo(i == 3 ? (byte) 0x7f : (byte) (0xf0 + i));
        }
        assertThat(port.read(WORD)).isEqualTo(0xf7f6_f5f4_7ff2_f1f0L);
        assertThat(recorder.take()).startsWith("WRITE 7010", "WRITE 7011").endsWith("READ 7016", "READ 7017",
                "READ 7010").hasSize(18);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void wordsOfOneFrameByIndex(int depth) {
        FramePort frame = cpu(depth).memory().frame(7);
        frame.write(2, 0b1100);
        assertThat(frame.read(2)).isEqualTo(0b1100);
        assertThat(frame.fetchAndAnd(2, 0b0110)).isEqualTo(0b1100);
        assertThat(frame.exchange(2, 5)).isEqualTo(0b0100);
        assertThat(frame.read(2)).isEqualTo(5);
        assertThat(frame.read(3)).isZero();
        assertThat(recorder.take()).containsExactly("WRITE 7010", "READ 7010", "READ_MODIFY_WRITE 7010",
                "READ_MODIFY_WRITE 7010", "READ 7010", "READ 7018");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void wholeFrames(int depth) {
        MemoryPort port = cpu(depth).memory();
        port.fillFrame(7, 0x55);
        port.write(WORD, 1);
        port.copyFrame(7, 8);
        assertThat(port.read(0x8010)).isEqualTo(1);
        assertThat(port.read(0x8018)).isEqualTo(0x55);
        assertThat(recorder.take()).containsExactly("OTHER 7000", "WRITE 7010", "OTHER 7000", "READ 8010",
                "READ 8018");
    }

    @Test
    void everyAccessOfAProgramTakesOneStepBesidesThoseOfItsWalk() {
        Cpu cpu = cpu(0);
        PageTables tables = new PageTables(cpu.machine());
        tables.map(PageTables.VADDR, 0x100, PageTables.FULL);
        cpu.movToCr3(tables.root());
        cpu.writeWord(PageTables.VADDR, Access.USER, 1);
        recorder.take();
        cpu.readByte(PageTables.VADDR + 1, Access.USER);
        cpu.writeByte(PageTables.VADDR + 2, Access.USER, 1);
        cpu.readWord(PageTables.VADDR + 8, Access.USER, new long[1]);
        cpu.writeWord(PageTables.VADDR + 16, Access.USER, 1);
        cpu.exchange(PageTables.VADDR + 24, Access.USER, 1, new long[1]);
        cpu.load(PageTables.VADDR + 35, 4, Access.USER, new long[1]);
        cpu.store(PageTables.VADDR + 45, 4, Access.USER, 1);
        assertThat(recorder.take()).containsExactly("USER_ACCESS ffff9200c0a06001", "USER_ACCESS ffff9200c0a06002",
                "USER_ACCESS ffff9200c0a06008", "USER_ACCESS ffff9200c0a06010", "USER_ACCESS ffff9200c0a06018",
                "USER_ACCESS ffff9200c0a06023", "USER_ACCESS ffff9200c0a0602d");
    }

    @Test
    void executorThatDoesNotObserveIsToldNoStepEvenWhenAnInterruptIsPending() {
        recorder.observes = false;
        Machine machine = Machine.builder().cpus(2).executor(recorder).build();
        Cpu target = machine.cpu(1);
        target.enter();
        IpiRequest request = machine.sendIpi(machine.cpu(0), 0b10, cpu -> {});
        target.memory().write(WORD, 1);
        assertThat(request.isReady()).isTrue();
        assertThat(recorder.take()).isEmpty();
    }

    private static final class Recorder implements Executor {
        private boolean observes = true;
        private final List<String> steps = new ArrayList<>();

        List<String> take() {
            List<String> taken = List.copyOf(steps);
            steps.clear();
            return taken;
        }

        @Override
        public boolean observesSteps() {
            return observes;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            steps.add(kind + " " + Long.toHexString(where));
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            throw new AssertionError(what.describe());
        }
    }
}
