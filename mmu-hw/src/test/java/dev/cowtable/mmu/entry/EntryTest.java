package dev.cowtable.mmu.entry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EntryTest {
    @Test
    void eachPredicateSeesItsBitAlone() {
        assertThat(Entry.isPresent(0x1)).isTrue();
        assertThat(Entry.isWritable(0x2)).isTrue();
        assertThat(Entry.isUser(0x4)).isTrue();
        assertThat(Entry.isAccessed(0x20)).isTrue();
        assertThat(Entry.isDirty(0x40)).isTrue();
        assertThat(Entry.isPageSize(0x80)).isTrue();
        assertThat(Entry.isGlobal(0x100)).isTrue();
        assertThat(Entry.isExecuteDisabled(0x8000_0000_0000_0000L)).isTrue();
        assertThat(Entry.isPresent(~0x1L)).isFalse();
        assertThat(Entry.isWritable(~0x2L)).isFalse();
        assertThat(Entry.isUser(~0x4L)).isFalse();
        assertThat(Entry.isAccessed(~0x20L)).isFalse();
        assertThat(Entry.isDirty(~0x40L)).isFalse();
        assertThat(Entry.isPageSize(~0x80L)).isFalse();
        assertThat(Entry.isGlobal(~0x100L)).isFalse();
        assertThat(Entry.isExecuteDisabled(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void addressIsBits51To12() {
        assertThat(Entry.paddr(-1L)).isEqualTo(0x000f_ffff_ffff_f000L);
        assertThat(Entry.pfn(-1L)).isEqualTo(0xff_ffff_ffffL);
    }

    @Test
    void packedFaultKeepsItsErrorCode() {
        long fault = Fault.pageFault(Fault.PRESENT | Fault.WRITE | Fault.USER);
        assertThat(fault).isNegative();
        assertThat(Fault.isFault(fault)).isTrue();
        assertThat(Fault.isPageFault(fault)).isTrue();
        assertThat(Fault.errorCode(fault)).isEqualTo(7);
        assertThat(Fault.describe(fault)).isEqualTo("#PF(7: P W U)");
        assertThat(Fault.describe(Fault.pageFault(0x19))).isEqualTo("#PF(19: P RSVD I)");
    }

    @Test
    void protectionKeyIsTheLastBitOfTheErrorCode() {
        assertThat(Fault.PROTECTION_KEY).isEqualTo(0x20);
        assertThat(Fault.describe(Fault.pageFault(0x3f))).isEqualTo("#PF(3f: P W U RSVD I PK)");
        assertThat(Fault.describe(Fault.pageFault(0))).isEqualTo("#PF(0:)");
    }

    @Test
    void accessBitsAreThoseOfTheErrorCodeAndImplicitIsReportedByNone() {
        assertThat(Access.WRITE).isEqualTo(2);
        assertThat(Access.USER).isEqualTo(4);
        assertThat(Access.IMPLICIT).isEqualTo(8);
        assertThat(Access.FETCH).isEqualTo(16);
        assertThat(Access.MASK).isEqualTo(30);
        assertThat(Access.REPORTED).isEqualTo(22);
        assertThat(Access.KINDS).isEqualTo(16);
    }

    @Test
    void keyIsBits62To59() {
        assertThat(Entry.KEY_MASK).isEqualTo(0x7800_0000_0000_0000L);
        assertThat(Entry.LARGE_PAT).isEqualTo(0x1000);
    }

    @Test
    void generalProtectionIsAFaultButNoPageFault() {
        assertThat(Fault.isFault(Fault.GENERAL_PROTECTION)).isTrue();
        assertThat(Fault.isPageFault(Fault.GENERAL_PROTECTION)).isFalse();
        assertThat(Fault.describe(Fault.GENERAL_PROTECTION)).isEqualTo("#GP(0)");
    }

    @Test
    void physicalAddressIsNoFault() {
        assertThat(Fault.isFault(0)).isFalse();
        assertThat(Fault.isPageFault(0x000f_ffff_ffff_ffffL)).isFalse();
        assertThat(Fault.describe(0)).isEqualTo("no fault");
    }
}
