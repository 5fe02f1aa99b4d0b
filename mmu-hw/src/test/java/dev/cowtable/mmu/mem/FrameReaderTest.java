package dev.cowtable.mmu.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Frames are remembered by slot, until any frame loses its array. */
class FrameReaderTest {
    private static final int SLOTS = 4;
    private static final int ROUNDS = 100_000;

    private final PhysicalMemory memory = new PhysicalMemory(1L << 30);
    private final FrameReader reader = memory.reader(SLOTS);
    private final long[] out = new long[1];

    FrameReaderTest() {
        for (long pfn = 1; pfn <= 5; pfn++) {
            memory.write(pfn << 12 | 24, 0x100 + pfn);
        }
    }

    @Test
    void rememberedFrameIsReadAsItIsNow() {
        assertThat(remember(0, 0x1000)).isTrue();
        assertThat(remember(3, 0x2000)).isTrue();
        assertThat(read(0)).isEqualTo(0x101);
        assertThat(read(3)).isEqualTo(0x102);
        memory.write(0x1018, 7);
        memory.copyFrame(5, 2);
        assertThat(read(0)).isEqualTo(7);
        assertThat(read(3)).isEqualTo(0x105);
    }

    @Test
    void firstReadHasTheWordWhetherOrNotThereIsAnArray() {
        memory.fillFrame(9, 6);
        assertThat(remember(0, 0x1018)).isTrue();
        assertThat(out[0]).isEqualTo(0x101);
        assertThat(remember(0, 0x9018)).isFalse();
        assertThat(out[0]).isEqualTo(6);
    }

    @Test
    void offsetIsInBytesUpToTheLastWordOfTheFrame() {
        memory.write(0x1ff8, 9);
        remember(0, 0x1000);
        assertThat(reader.readAgain(0, 0xff8, out)).isTrue();
        assertThat(out[0]).isEqualTo(9);
        assertThat(reader.readAgain(0, 0, out)).isTrue();
        assertThat(out[0]).isZero();
    }

    @Test
    void frameWithoutAnArrayIsNotRemembered() {
        assertThat(remember(1, 0x9000)).isFalse();
        memory.write(0x9018, 5);
        assertThat(remember(1, 0x9000)).isTrue();
        assertThat(read(1)).isEqualTo(5);
    }

    @Test
    void nothingIsReadOnceAFrameHasLostItsArray() {
        remember(0, 0x1000);
        remember(1, 0x2000);
        memory.fillFrame(1, 0);
        assertThat(reader.readAgain(0, 24, out)).isFalse();
        assertThat(reader.readAgain(1, 24, out)).isFalse();
        memory.write(0x1018, 9);
        assertThat(remember(1, 0x2000)).isTrue();
        assertThat(reader.readAgain(0, 24, out)).as("the old array, beside one that is remembered anew").isFalse();
        assertThat(remember(0, 0x1000)).isTrue();
        assertThat(read(0)).as("the new array").isEqualTo(9);
    }

    @Test
    void fillOfAFrameThatHadNoArrayDisturbsNobody() {
        remember(0, 0x1000);
        memory.fillFrame(20, 7);
        assertThat(read(0)).isEqualTo(0x101);
    }

    @Test
    void everyReaderForgets() {
        FrameReader other = memory.reader(SLOTS);
        remember(0, 0x1000);
        other.readFirst(0, 0x1000, out);
        memory.fillFrame(1, 0);
        assertThat(reader.readAgain(0, 24, out)).isFalse();
        assertThat(other.readAgain(0, 24, out)).isFalse();
    }

    /** One thread gives a frame new contents, with and without an array; what it has told of is never missed by one that reads. */
    @Test
    void anotherThreadsFillIsSeenOnceItIsTold() throws InterruptedException {
        AtomicLong told = new AtomicLong(0x101);
        Thread writer = new Thread(() -> {
            for (long value = 0x102; value < 0x101 + ROUNDS; value++) {
                memory.fillFrame(1, value);
                memory.write(0x1018, value);
                told.set(value);
            }
        });
        writer.start();
        long missed = 0;
        while (writer.isAlive()) {
            long least = told.get();
            if (!reader.readAgain(0, 24, out)) {
                reader.readFirst(0, 0x1018, out);
            }
            missed += out[0] < least ? 1 : 0;
        }
        writer.join();
        assertThat(missed).isZero();
    }

    private boolean remember(int slot, long paddr) {
        return reader.readFirst(slot, paddr, out);
    }

    private long read(int slot) {
        out[0] = -1;
        assertThat(reader.readAgain(slot, 24, out)).isTrue();
        return out[0];
    }
}
