package dev.cowtable.mmu.addr;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PagingTest {
    @Test
    void entryOfEachLevelCoversNineBitsMore() {
        assertThat(Paging.sizeBytes(1)).isEqualTo(4096);
        assertThat(Paging.sizeBytes(2)).isEqualTo(2L << 20);
        assertThat(Paging.sizeBytes(3)).isEqualTo(1L << 30);
        assertThat(Paging.sizeBytes(4)).isEqualTo(512L << 30);
    }

    @Test
    void indexTakesTheNineBitsOfTheLevel() {
        long vaddr = 0xffff_8000_0000_0000L | 1L << 39 | 2L << 30 | 3L << 21 | 4L << 12 | 0x567;
        assertThat(Paging.index(vaddr, 4)).isEqualTo(257);
        assertThat(Paging.index(vaddr, 3)).isEqualTo(2);
        assertThat(Paging.index(vaddr, 2)).isEqualTo(3);
        assertThat(Paging.index(vaddr, 1)).isEqualTo(4);
    }

    @Test
    void topLevelOfFiveCoversTheHighestNineBits() {
        assertThat(Paging.sizeBytes(5)).isEqualTo(1L << 48);
        assertThat(Paging.shift(5)).isEqualTo(48);
        assertThat(Paging.index(0x01ff_0000_0000_0000L, 5)).isEqualTo(511);
        assertThat(Paging.index(0x0003_8000_0000_0000L, 5)).isEqualTo(3);
        assertThat(Paging.index(0x0003_8000_0000_0000L, 4)).isEqualTo(256);
    }

    @Test
    void canonicalWithFourLevelsMeansBits63To47AreEqual() {
        assertThat(Paging.isCanonical(0, 4)).isTrue();
        assertThat(Paging.isCanonical(0x0000_7fff_ffff_ffffL, 4)).isTrue();
        assertThat(Paging.isCanonical(0x0000_8000_0000_0000L, 4)).isFalse();
        assertThat(Paging.isCanonical(0xffff_7fff_ffff_ffffL, 4)).isFalse();
        assertThat(Paging.isCanonical(0xffff_8000_0000_0000L, 4)).isTrue();
        assertThat(Paging.isCanonical(-1, 4)).isTrue();
        assertThat(Paging.isCanonical(Long.MIN_VALUE, 4)).isFalse();
    }

    @Test
    void canonicalWithFiveLevelsMeansBits63To56AreEqual() {
        assertThat(Paging.isCanonical(0x0000_8000_0000_0000L, 5)).isTrue();
        assertThat(Paging.isCanonical(0x00ff_ffff_ffff_ffffL, 5)).isTrue();
        assertThat(Paging.isCanonical(0x0100_0000_0000_0000L, 5)).isFalse();
        assertThat(Paging.isCanonical(0xfeff_ffff_ffff_ffffL, 5)).isFalse();
        assertThat(Paging.isCanonical(0xff00_0000_0000_0000L, 5)).isTrue();
        assertThat(Paging.isCanonical(Long.MIN_VALUE, 5)).isFalse();
    }

    @Test
    void sixteenOrSevenHighBitsSelectNothing() {
        assertThat(Paging.unusedHighBits(4)).isEqualTo(16);
        assertThat(Paging.unusedHighBits(5)).isEqualTo(7);
    }

    @Test
    void frameNumberAndAddressAreInverse() {
        assertThat(Paging.pfn(0x1234_5fff)).isEqualTo(0x1_2345);
        assertThat(Paging.paddr(0x1_2345)).isEqualTo(0x1234_5000);
    }
}
