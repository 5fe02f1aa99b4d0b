package dev.cowtable.mm.access;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.VmFlags;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** apply_to_page_range(): a driver is shown the entries of a range. */
class ApplyToPageRangeTest {
    private static final long DEVICE_PFN = 0x3_0000;

    private final MmLab lab = new MmLab();
    private final ApplyToPageRange range = new ApplyToPageRange(lab.kernel);
    private final List<Long> shown = new ArrayList<>();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int show(boolean create, long first, long end) {
        lab.mm.mmapLock().downRead(lab.cpu);
        ApplyToPageRange.PteFn note = (cpu, ptePaddr, vaddr) -> {
            shown.add((vaddr - at(0)) / 4096);
            return 0;
        };
        long bytes = (end - first) * 4096;
        int error = create ? range.apply(lab.cpu, lab.mm, at(first), bytes, note)
                : range.applyExisting(lab.cpu, lab.mm, at(first), bytes, note);
        lab.mm.mmapLock().upRead(lab.cpu);
        return error;
    }

    @Test
    void entriesThatExistAreShownAcrossTablesAndNothingIsMade() {
        lab.map(0, 2048, RW);
        lab.write(1, 7);
        lab.write(1030, 7);
        long tables = lab.count(Counter.TABLE_ALLOC);
        assertThat(show(false, 0, 2048)).isZero();
        assertThat(shown).containsExactly(1L, 1030L);
        assertThat(lab.count(Counter.TABLE_ALLOC)).isEqualTo(tables);
    }

    @Test
    void everyEntryIsShownAndMissingTablesAreMade() {
        lab.map(0, 1024, RW);
        assertThat(show(true, 510, 514)).isZero();
        assertThat(shown).containsExactly(510L, 511L, 512L, 513L);
        assertThat(lab.pte(512)).isEqualTo(Pte.NONE);
        assertThat(show(false, 0, 1024)).isZero();
        assertThat(shown).hasSize(4);
    }

    @Test
    void walkEndsAtTheFirstThatTheFunctionRefuses() {
        lab.map(0, 4, RW);
        lab.mm.mmapLock().downRead(lab.cpu);
        int error = range.apply(lab.cpu, lab.mm, at(0), 4 * 4096, (cpu, ptePaddr, vaddr) -> {
            shown.add(vaddr);
            return vaddr == at(1) ? Errno.EBUSY.code() : 0;
        });
        lab.mm.mmapLock().upRead(lab.cpu);
        assertThat(error).isEqualTo(Errno.EBUSY.code());
        assertThat(shown).containsExactly(at(0), at(1));
        assertThat(show(true, 1, 1)).isEqualTo(Errno.EINVAL.code());
    }

    @Test
    void tableThatCannotBeMadeIsEnomemAndWhatWasDoneStays() {
        lab.map(0, 1024, RW);
        lab.write(0, 7);
        lab.kernel.failures().failAllAfter(0);
        assertThat(show(true, 510, 514)).isEqualTo(Errno.ENOMEM.code());
        lab.kernel.failures().off();
        assertThat(shown).containsExactly(510L, 511L);
    }

    @Test
    void entriesThatADriverSetsAreMapped() {
        lab.mapFlags(0, 4, RW | VmFlags.SHARED | VmFlags.MAY_FLAGS | VmFlags.MAYSHARE | RemapPfnRange.VMA_FLAGS, null,
                at(0) >>> 12);
        lab.mm.mmapLock().downRead(lab.cpu);
        int error = range.apply(lab.cpu, lab.mm, at(0), 2 * 4096, (cpu, ptePaddr, vaddr) -> {
            long pfn = DEVICE_PFN + (vaddr - at(0)) / 4096;
            cpu.memory().write(ptePaddr, Pte.mkspecial(Pte.make(pfn, lab.vma(0).pageProt())));
            return 0;
        });
        lab.mm.mmapLock().upRead(lab.cpu);
        assertThat(error).isZero();
        assertThat(lab.pfn(1)).isEqualTo(DEVICE_PFN + 1);
    }
}
