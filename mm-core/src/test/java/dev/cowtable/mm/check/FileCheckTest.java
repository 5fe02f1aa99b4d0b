package dev.cowtable.mm.check;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What must hold between an object of shared memory, its pages, its mappers and its swap slots, violated by hand. */
class FileCheckTest {
    private final MmLab lab = new MmLab();

    /** Page 0 is mapped, page 1 in the cache only, page 2 in swap. */
    @BeforeEach
    void mapSharedMemory() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.ZRAM);
        assertThat(lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(0), 8 * 4096, RW, false)).isZero();
        lab.write(0, 5);
        lab.write(1, 5);
        lab.write(2, 5);
        advise(1, Advice.DONTNEED);
        advise(2, Advice.PAGEOUT);
        lab.rest();
        assertThat(violated()).isEmpty();
    }

    private void advise(long page, Advice advice) {
        assertThat(lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(page), 4096, advice)).isZero();
    }

    private Set<String> violated() {
        Set<String> ids = new TreeSet<>();
        new InvariantChecker(lab.kernel).check().forEach(sentence -> ids.add(sentence.substring(0, 2)));
        return ids;
    }

    private AddressSpace file() {
        return Objects.requireNonNull(lab.vma(0).file());
    }

    @Test
    void pageWithAnotherIndexIsRm() {
        lab.kernel.memMap().setIndex(lab.pfn(0), 3);
        assertThat(violated()).containsExactly("RM");
    }

    @Test
    void mappedPageThatItsFileHasForgottenIsRm() {
        lab.kernel.memMap().setMapping(lab.pfn(0), null);
        assertThat(violated()).containsExactly("I1", "RM");
    }

    @Test
    void entryOfAnotherPageOfTheFileIsRm() {
        long pfn = lab.pfn(0);
        lab.cpu.memory().exchange(lab.ptePaddr(lab.mm, 3), lab.cpu.memory().exchange(lab.ptePaddr(lab.mm, 0), 0));
        assertThat(lab.pfn(3)).isEqualTo(pfn);
        assertThat(violated()).containsExactly("RM");
    }

    @Test
    void mapperThatIsNotListedIsRm() {
        file().unlink(lab.cpu, lab.vma(0));
        assertThat(violated()).containsExactly("RM");
    }

    @Test
    void slotThatSharedMemoryHasLostIsSw() {
        lab.kernel.swap().swapFree(lab.cpu, SwpEntry.make(0, 0));
        assertThat(violated()).contains("SW");
    }
}
