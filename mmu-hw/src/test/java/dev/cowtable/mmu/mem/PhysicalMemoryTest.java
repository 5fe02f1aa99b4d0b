package dev.cowtable.mmu.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PhysicalMemoryTest {
    private static final long TEBIBYTE = 1L << 40;

    private final PhysicalMemory memory = new PhysicalMemory(TEBIBYTE);

    @Test
    void tebibyteIsDeclaredWithoutAnyArray() {
        assertThat(memory.sizeBytes()).isEqualTo(TEBIBYTE);
        assertThat(memory.frames()).isEqualTo(1L << 28);
        assertThat(memory.read(TEBIBYTE - 8)).isZero();
        memory.write(TEBIBYTE - 8, 0);
        assertThat(memory.backedFrames()).isZero();
        memory.write(TEBIBYTE - 8, 7);
        assertThat(memory.read(TEBIBYTE - 8)).isEqualTo(7);
        assertThat(memory.backedFrames()).isEqualTo(1);
    }

    @Test
    void addressOutsideMemoryIsRefusedInHex() {
        assertThatThrownBy(() -> memory.read(TEBIBYTE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("physical address 0x10000000000 lies outside memory of 0x10000000000 bytes");
        assertThatThrownBy(() -> memory.write(-8, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> memory.fillFrame(1L << 28, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> memory.copyFrame(0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> memory.readByte(TEBIBYTE)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void wordAddressMustBeAMultipleOfEight() {
        assertThatThrownBy(() -> memory.read(0x1004)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("physical address 0x1004 is not a multiple of 8");
        assertThatThrownBy(() -> memory.compareAndExchange(0x1001, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sizeMustBeWholePages() {
        assertThatThrownBy(() -> new PhysicalMemory(4095)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PhysicalMemory(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void filledFrameHoldsOneWordWithoutAnArrayUntilASecondIsStored() {
        memory.fillFrame(5, 0xabab);
        assertThat(memory.isUniform(5)).isTrue();
        memory.write(5 * 4096 + 16, 0xabab);
        assertThat(memory.isUniform(5)).isTrue();
        memory.write(5 * 4096 + 16, 1);
        assertThat(memory.isUniform(5)).isFalse();
        assertThat(memory.read(5 * 4096 + 16)).isEqualTo(1);
        assertThat(memory.read(5 * 4096 + 8)).isEqualTo(0xabab);
        assertThat(memory.read(5 * 4096 + 4088)).isEqualTo(0xabab);
        assertThat(memory.read(6 * 4096)).isZero();
    }

    @Test
    void fillingDropsTheArray() {
        memory.write(4096, 1);
        memory.fillFrame(1, 9);
        assertThat(memory.isUniform(1)).isTrue();
        assertThat(memory.backedFrames()).isZero();
        assertThat(memory.read(4096)).isEqualTo(9);
    }

    @Test
    void copyOfAUniformFrameStaysUniform() {
        memory.fillFrame(1, 3);
        memory.write(2 * 4096, 4);
        memory.copyFrame(1, 2);
        assertThat(memory.isUniform(2)).isTrue();
        assertThat(memory.read(2 * 4096)).isEqualTo(3);
        memory.copyFrame(77_777_777, 2);
        assertThat(memory.read(2 * 4096)).isZero();
        assertThat(memory.backedFrames()).isZero();
    }

    @Test
    void copyIsIndependentOfItsSource() {
        memory.write(4096, 1);
        memory.write(4096 + 4088, 2);
        memory.copyFrame(1, 2);
        memory.write(4096, 10);
        assertThat(memory.read(2 * 4096)).isEqualTo(1);
        assertThat(memory.read(2 * 4096 + 4088)).isEqualTo(2);
        memory.copyFrame(1, 2);
        assertThat(memory.read(2 * 4096)).isEqualTo(10);
        assertThat(memory.backedFrames()).isEqualTo(2);
    }

    @Test
    void atomicOperationsReturnTheWordBefore() {
        long paddr = 0x3008;
        assertThat(memory.compareAndExchange(paddr, 1, 5)).isZero();
        assertThat(memory.compareAndExchange(paddr, 0, 5)).isZero();
        assertThat(memory.compareAndExchange(paddr, 5, 6)).isEqualTo(5);
        assertThat(memory.fetchAndOr(paddr, 9)).isEqualTo(6);
        assertThat(memory.fetchAndAnd(paddr, 12)).isEqualTo(15);
        assertThat(memory.exchange(paddr, 1)).isEqualTo(12);
        assertThat(memory.read(paddr)).isEqualTo(1);
    }

    @Test
    void atomicOperationsOnAUniformFrameMakeAnArrayOnlyForANewWord() {
        memory.fillFrame(1, 6);
        long paddr = 4096;
        assertThat(memory.fetchAndOr(paddr, 2)).isEqualTo(6);
        assertThat(memory.fetchAndAnd(paddr, 7)).isEqualTo(6);
        assertThat(memory.exchange(paddr, 6)).isEqualTo(6);
        assertThat(memory.compareAndExchange(paddr, 5, 1)).isEqualTo(6);
        assertThat(memory.compareAndExchange(paddr, 6, 6)).isEqualTo(6);
        assertThat(memory.isUniform(1)).isTrue();
        assertThat(memory.fetchAndOr(paddr, 1)).isEqualTo(6);
        assertThat(memory.read(paddr)).isEqualTo(7);
        memory.fillFrame(1, 6);
        assertThat(memory.fetchAndAnd(paddr, 2)).isEqualTo(6);
        assertThat(memory.read(paddr)).isEqualTo(2);
        memory.fillFrame(1, 6);
        assertThat(memory.exchange(paddr, 8)).isEqualTo(6);
        assertThat(memory.read(paddr)).isEqualTo(8);
    }

    @Test
    void bytesAreLittleEndianAndLeaveTheirNeighboursAlone() {
        memory.write(0, 0x8877_6655_4433_2211L);
        memory.writeByte(1, (byte) 0xff);
        memory.writeByte(7, (byte) 0x80);
        assertThat(memory.read(0)).isEqualTo(0x8077_6655_4433_ff11L);
        assertThat(memory.readByte(1)).isEqualTo((byte) 0xff);
        assertThat(memory.readByte(2)).isEqualTo((byte) 0x33);
    }

    @Test
    void byteThatTheFillHoldsAlreadyMakesNoArray() {
        memory.fillFrame(1, 0x4141_4141_4141_4141L);
        memory.writeByte(4096 + 13, (byte) 0x41);
        assertThat(memory.isUniform(1)).isTrue();
        memory.writeByte(4096 + 13, (byte) 0x42);
        assertThat(memory.read(4096 + 8)).isEqualTo(0x4141_4241_4141_4141L);
    }

    @Test
    void clearedFrameHoldsZerosAndKeepsItsArray() {
        PhysicalMemory memory = new PhysicalMemory(1 << 20);
        memory.write(0x5008, 7);
        memory.clearFrame(5);
        assertThat(memory.read(0x5008)).isZero();
        assertThat(memory.isUniform(5)).isFalse();
        memory.fillFrame(6, 9);
        memory.clearFrame(6);
        assertThat(memory.read(0x6000)).isZero();
        assertThat(memory.isUniform(6)).isTrue();
    }

    @Test
    void viewOfAFrameReadsAndStoresAsTheMemoryItself() {
        PhysicalMemory memory = new PhysicalMemory(1 << 20);
        FrameView view = memory.view(3);
        assertThat(view.read(511)).isZero();
        view.write(2, 0xff);
        assertThat(memory.read(0x3010)).isEqualTo(0xff);
        assertThat(view.fetchAndAnd(2, 0x0f)).isEqualTo(0xff);
        assertThat(view.exchange(2, 1)).isEqualTo(0x0f);
        memory.write(0x3018, 5);
        assertThat(view.read(3)).isEqualTo(5);
        assertThat(view.wordPaddr(3)).isEqualTo(0x3018);
    }

    @Test
    void viewOfAFrameEndsWithItsLastWord() {
        FrameView view = new PhysicalMemory(1 << 20).view(3);
        assertThatThrownBy(() -> view.read(512)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
