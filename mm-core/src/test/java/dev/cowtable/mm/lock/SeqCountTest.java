package dev.cowtable.mm.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;

class SeqCountTest {
    private final Machine machine = Machine.builder().cpus(2).build();
    private final Cpu cpu = machine.cpu(0);
    private final Cpu other = machine.cpu(1);
    private final SeqCount count = new SeqCount(new Lockdep(2));

    @Test
    void sequenceIsOddExactlyWhileTheWriterIsAtWork() {
        assertThat(count.rawRead(other) & 1).isZero();
        count.writeBegin(cpu);
        assertThat(count.rawRead(other) & 1).isEqualTo(1);
        count.writeEnd(cpu);
        assertThat(count.rawRead(other) & 1).isZero();
    }

    @Test
    void readWithoutAWriterIsNotRepeated() {
        int begun = count.rawRead(other);
        assertThat(count.readRetry(other, begun)).isFalse();
    }

    @Test
    void writerThatBeganOrHasEndedMakesTheReaderRetry() {
        int begun = count.rawRead(other);
        count.writeBegin(cpu);
        assertThat(count.readRetry(other, begun)).isTrue();
        int inside = count.rawRead(other);
        count.writeEnd(cpu);
        assertThat(count.readRetry(other, begun)).isTrue();
        assertThat(count.readRetry(other, inside)).isTrue();
    }

    @Test
    void secondWriterAndEndWithoutABeginAreRefused() {
        assertThatThrownBy(() -> new SeqCount(new Lockdep(1)).writeEnd(cpu)).isInstanceOf(LockOrderException.class);
        count.writeBegin(cpu);
        assertThatThrownBy(() -> count.writeBegin(other)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("second writer");
    }
}
