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
    void canonicalMeansBits63To47AreEqual() {
        assertThat(Paging.isCanonical(0)).isTrue();
        assertThat(Paging.isCanonical(0x0000_7fff_ffff_ffffL)).isTrue();
        assertThat(Paging.isCanonical(0x0000_8000_0000_0000L)).isFalse();
        assertThat(Paging.isCanonical(0xffff_7fff_ffff_ffffL)).isFalse();
        assertThat(Paging.isCanonical(0xffff_8000_0000_0000L)).isTrue();
        assertThat(Paging.isCanonical(-1)).isTrue();
        assertThat(Paging.isCanonical(Long.MIN_VALUE)).isFalse();
    }

    @Test
    void frameNumberAndAddressAreInverse() {
        assertThat(Paging.pfn(0x1234_5fff)).isEqualTo(0x1_2345);
        assertThat(Paging.paddr(0x1_2345)).isEqualTo(0x1234_5000);
    }
}
