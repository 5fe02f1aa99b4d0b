package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.gup.linux.GupSteps;
import dev.cowtable.gup.linux.LinuxGup;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A read-only pin of a page that is shared with a child makes the page exclusive first, so that it stays the owner's view. */
class ReadOnlyPinTest {
    private static final int READ_ONLY_PIN = FollFlags.PIN | FollFlags.LONGTERM;

    /** Pins as Linux does but never unshares: it takes plain references, 1024 of them. */
    private static final class NoUnshare implements GupStrategyProvider {
        @Override
        public String name() {
            return "no-unshare";
        }

        @Override
        public String description() {
            return "pins what it finds";
        }

        @Override
        public GupStrategy create(Kernel kernel) {
            LinuxGup linux = new LinuxGup(kernel, new GupSteps());
            return new GupStrategy() {
                @Override
                public String name() {
                    return "no-unshare";
                }

                @Override
                public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags,
                        long[] pfns) {
                    int plain = follFlags & ~(FollFlags.PIN | FollFlags.LONGTERM) | FollFlags.GET;
                    int had = linux.getUserPages(cpu, mm, startVaddr, nrPages, plain, pfns);
                    mm.setHasPinned(cpu);
                    for (int i = 0; i < had; i++) {
                        kernel.memMap().pageRefAdd(cpu, pfns[i], MemMap.PIN_BIAS - 1);
                    }
                    return had;
                }

                @Override
                public int getUserPagesFast(Cpu cpu, MmStruct mm, long start, int nrPages, int follFlags, long[] pfns) {
                    return getUserPages(cpu, mm, start, nrPages, follFlags, pfns);
                }

                @Override
                public void unpinUserPages(Cpu cpu, long[] pfns, int nrPages) {
                    linux.unpinUserPages(cpu, pfns, nrPages);
                }

                @Override
                public void putUserPages(Cpu cpu, long[] pfns, int nrPages) {
                    linux.putUserPages(cpu, pfns, nrPages);
                }
            };
        }
    }

    private record Pinned(Lab lab, long pfn) {
        int seenByPin() {
            return lab.kernel.machine().memory().readByte(pfn << 12) & 0xff;
        }

        boolean exclusive() {
            return lab.kernel.memMap().testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
        }
    }

    /** P writes, forks, pins read-only, and writes again. */
    private static Pinned pinAfterFork(Design design, boolean fast) {
        Lab lab = new Lab(design);
        lab.write(0, lab.parent, 0, 1);
        lab.fork();
        long[] pfn = new long[1];
        GupStrategy gup = lab.kernel.gupStrategy();
        int had = fast ? gup.getUserPagesFast(lab.cpu(0), lab.parent, Lab.page(0), 1, READ_ONLY_PIN, pfn)
                : gup.getUserPages(lab.cpu(0), lab.parent, Lab.page(0), 1, READ_ONLY_PIN, pfn);
        assertThat(had).isEqualTo(1);
        assertThat(lab.violations(page -> page == pfn[0] ? MemMap.PIN_BIAS : 0)).isEmpty();
        return new Pinned(lab, pfn[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"classic", "relaxed"})
    void pinSeesTheOwnersLaterWrite(String design) {
        for (boolean fast : List.of(true, false)) {
            Pinned pinned = pinAfterFork(Design.parse(design), fast);
            assertThat(pinned.exclusive()).isTrue();
            pinned.lab.write(0, pinned.lab.parent, 0, 2);
            assertThat(pinned.seenByPin()).isEqualTo(2);
        }
    }

    @Test
    void pinWithoutUnshareIsCaughtAsPinThatLosesItsOwner() {
        for (Design sound : List.of(TestDesigns.CLASSIC, TestDesigns.RELAXED)) {
            Pinned pinned = pinAfterFork(new Design(sound.fork(), sound.options(), new NoUnshare()), true);
            assertThat(pinned.exclusive()).isFalse();
            pinned.lab.write(0, pinned.lab.parent, 0, 2);
            assertThat(pinned.seenByPin()).isEqualTo(1);
        }
    }
}
