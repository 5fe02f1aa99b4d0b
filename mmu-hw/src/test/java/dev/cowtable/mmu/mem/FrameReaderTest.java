package dev.cowtable.mmu.mem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Frames are remembered by slot, until any frame loses its array. */
class FrameReaderTest {
    private static final int SLOTS = 4;

    private final PhysicalMemory memory = new PhysicalMemory(1L << 30);
    private final FrameReader reader = new FrameReader(memory, SLOTS);
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

    private boolean remember(int slot, long paddr) {
        return reader.readFirst(slot, paddr, out);
    }

    private long read(int slot) {
        out[0] = -1;
        assertThat(reader.readAgain(slot, 24, out)).isTrue();
        return out[0];
    }
}
