package dev.cowtable.mmu.mem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** One table at each level is remembered, until a frame loses its array. */
class TableReaderTest {
    private final PhysicalMemory memory = new PhysicalMemory(1L << 30);
    private final TableReader reader = new TableReader(memory);

    TableReaderTest() {
        for (long pfn = 1; pfn <= 5; pfn++) {
            memory.write(pfn << 12 | 24, 0x100 + pfn);
            memory.write(pfn << 12 | 32, 0x200 + pfn);
        }
    }

    @Test
    void eachLevelReadsItsOwnTableAndWhateverWasWrittenSince() {
        for (int level = 1; level <= 5; level++) {
            assertThat(reader.read(level, (long) level << 12, 3)).isEqualTo(0x100 + level);
        }
        for (int level = 1; level <= 5; level++) {
            assertThat(reader.read(level, (long) level << 12, 4)).isEqualTo(0x200 + level);
        }
        memory.write(2 << 12 | 24, 7);
        assertThat(reader.read(2, 2 << 12, 3)).isEqualTo(7);
    }

    @Test
    void anotherTableOfTheLevelTakesThePlaceOfTheLast() {
        assertThat(reader.read(1, 0x1000, 3)).isEqualTo(0x101);
        assertThat(reader.read(1, 0x2000, 3)).isEqualTo(0x102);
        assertThat(reader.read(1, 0x1000, 4)).isEqualTo(0x201);
    }

    @Test
    void frameWithoutAnArrayReadsAsZeroAndIsNotRemembered() {
        assertThat(reader.read(1, 0x9000, 3)).isZero();
        assertThat(reader.read(1, 1L << 40, 3)).isZero();
        memory.write(0x9018, 5);
        assertThat(reader.read(1, 0x9000, 3)).isEqualTo(5);
    }

    @Test
    void frameThatLostItsArrayIsReadAnew() {
        assertThat(reader.read(1, 0x1000, 3)).isEqualTo(0x101);
        assertThat(reader.read(2, 0x2000, 3)).isEqualTo(0x102);
        memory.fillFrame(1, 0);
        assertThat(reader.read(1, 0x1000, 3)).isZero();
        memory.write(0x1018, 9);
        assertThat(reader.read(1, 0x1000, 3)).as("the new array").isEqualTo(9);
        assertThat(reader.read(2, 0x2000, 4)).as("another level").isEqualTo(0x202);
    }

    @Test
    void fillOfAnotherFrameLosesNothing() {
        assertThat(reader.read(1, 0x1000, 3)).isEqualTo(0x101);
        memory.fillFrame(20, 7);
        memory.fillFrame(2, 7);
        memory.copyFrame(20, 21);
        assertThat(reader.read(1, 0x1000, 3)).isEqualTo(0x101);
    }
}
