package dev.cowtable.mm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PteTest {
    private static final long READ = VmFlags.pageProt(VmFlags.READ);
    private static final long SHARED_WRITE = VmFlags.pageProt(VmFlags.READ | VmFlags.WRITE | VmFlags.SHARED);
    private static final long NO_ACCESS = VmFlags.pageProt(0);

    @Property(tries = 500)
    void frameNumberComesBackFromAnyEntry(@ForAll @LongRange(max = (1L << 40) - 1) long pfn) {
        assertThat(Pte.pfn(Pte.make(pfn, READ))).isEqualTo(pfn);
        assertThat(Pte.pfn(Pte.make(pfn, NO_ACCESS))).isEqualTo(pfn);
        assertThat(Pte.make(pfn, READ) & ~Entry.ADDRESS_MASK).isEqualTo(READ);
    }

    @Property(tries = 500)
    void modifyTakesRightsAndKeepsFrameAndHistory(@ForAll long old) {
        long kept = Entry.ADDRESS_MASK | Entry.A | Entry.D | Pte.SPECIAL | Pte.UFFD_WP;
        for (long prot : new long[] {READ, SHARED_WRITE, NO_ACCESS}) {
            long modified = Pte.modify(old, prot);
            assertThat(modified & kept).isEqualTo(old & kept);
            long rights = Entry.P | Entry.RW | Entry.US | Entry.G | Entry.XD;
            assertThat(modified & rights).isEqualTo(prot & rights);
            assertThat(Pte.modify(modified, prot)).isEqualTo(modified);
        }
    }

    @Property(tries = 500)
    void writeProtectionAndWritePermissionChangeOneBit(@ForAll long pte) {
        assertThat(Pte.wrprotect(pte)).isEqualTo(pte & ~Entry.RW);
        assertThat(Pte.mkwrite(pte)).isEqualTo(pte | Entry.RW);
        assertThat(Pte.isWritable(Pte.mkwrite(pte))).isTrue();
        assertThat(Pte.isWritable(Pte.wrprotect(pte))).isFalse();
    }

    @Property(tries = 500)
    void entriesThatDifferByAccessedAndDirtyAloneAreTheSame(@ForAll long pte) {
        assertThat(Pte.same(pte, pte ^ Entry.A ^ Entry.D)).isTrue();
        assertThat(Pte.same(Pte.mkold(pte), Pte.mkdirty(Pte.mkyoung(pte)))).isTrue();
        for (long bit : new long[] {Entry.P, Entry.RW, Entry.US, Entry.XD, Pte.SPECIAL, 1L << 12, 1L << 51}) {
            assertThat(Pte.same(pte, pte ^ bit)).isFalse();
        }
    }

    @Test
    void noneIsNeitherPresentNorSwapped() {
        assertThat(Pte.isNone(Pte.NONE)).isTrue();
        assertThat(Pte.isPresent(Pte.NONE)).isFalse();
        assertThat(SwpEntry.isSwap(Pte.NONE)).isFalse();
    }

    @Test
    void protNoneEntryIsPresentToTheKernelAndAbsentToTheHardware() {
        long pte = Pte.make(77, NO_ACCESS);
        assertThat(Pte.isPresent(pte)).isTrue();
        assertThat(Pte.isProtnone(pte)).isTrue();
        assertThat(Entry.isPresent(pte)).isFalse();
        assertThat(SwpEntry.isSwap(pte)).isFalse();
        assertThat(Pte.isProtnone(Pte.make(77, READ))).isFalse();
    }

    @Test
    void globalBitOfAPresentEntryIsNotProtNone() {
        assertThat(Pte.isProtnone(Pte.make(77, READ | Entry.G))).isFalse();
    }

    @Test
    void softwareMarksAreSetAlone() {
        assertThat(Pte.mkspecial(READ)).isEqualTo(READ | 1L << 9);
        assertThat(Pte.isSpecial(READ)).isFalse();
        assertThat(Pte.isDirty(Pte.mkdirty(READ))).isTrue();
        assertThat(Pte.isDirty(READ)).isFalse();
    }
}
