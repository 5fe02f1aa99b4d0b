package dev.cowtable.suite.explore;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A page of a table that P, C and G share is taken away while C changes the sharing.
 *
 * <pre>
 * CPU 0  reclaims the page, or moves it
 * CPU 1  C writes to it | ends | drops or unmaps the whole range | forks
 * CPU 2  P reads it
 * </pre>
 */
record SharedPageRace(boolean migrates, Change change) implements Race {
    private static final long VADDR = 0x4000_0000L;
    private static final int ORIGINAL = 1;
    private static final int OF_C = 3;

    /** What C does. */
    enum Change {
        WRITE, EXIT, DROP, UNMAP, FORK
    }

    @Override
    public String name() {
        return (migrates ? "migrate-" : "reclaim-") + change;
    }

    @Override
    public String description() {
        return "a shared page is taken away while one sharer does " + change;
    }

    @Override
    public int cpus() {
        return 3;
    }

    @Override
    public Round begin(Kernel kernel) {
        Cpu boot = kernel.machine().cpu(0);
        kernel.swap().swapon(boot, SwapInfo.Kind.ZRAM);
        MmStruct parent = Objects.requireNonNull(kernel.newMm(boot));
        kernel.memoryMap().mmapAnonymous(boot, parent, VADDR, 512 * 4096L, VmFlags.READ | VmFlags.WRITE, false);
        kernel.userAccess().writeByte(boot, parent, VADDR, ORIGINAL);
        MmStruct child = Objects.requireNonNull(kernel.fork(boot, parent));
        MmStruct grandchild = Objects.requireNonNull(kernel.fork(boot, child));
        long[] pfn = new long[1];
        kernel.gupStrategy().getUserPages(boot, parent, VADDR, 1, FollFlags.GET, pfn);
        kernel.gupStrategy().putUserPages(boot, pfn, 1);
        kernel.userAccess().readByte(kernel.machine().cpu(1), child, VADDR);
        kernel.userAccess().readByte(kernel.machine().cpu(2), parent, VADDR);
        kernel.lru().lruAddDrainAll(boot);
        return new Rounds(kernel, parent, child, grandchild, pfn[0]);
    }

    private final class Rounds implements Round {
        private final Kernel kernel;
        private final MmStruct parent;
        private final MmStruct child;
        private final MmStruct grandchild;
        private final long pfn;
        private final List<String> wrong = new ArrayList<>();

        Rounds(Kernel kernel, MmStruct parent, MmStruct child, MmStruct grandchild, long pfn) {
            this.kernel = kernel;
            this.parent = parent;
            this.child = child;
            this.grandchild = grandchild;
            this.pfn = pfn;
        }

        @Override
        public List<Body> bodies() {
            return List.of(this::takeAway, this::change, cpu -> {
                for (int i = 0; i < 3; i++) {
                    expect(cpu, "P", parent, ORIGINAL);
                }
            });
        }

        private void takeAway(Cpu cpu) {
            if (migrates) {
                new MigratePages(kernel).migrate(cpu, pfn);
            } else if (kernel.lru().folioIsolateLru(cpu, pfn)) {
                kernel.reclaim().reclaimPages(cpu, new long[] {pfn}, 1);
            }
        }

        private void change(Cpu cpu) {
            switch (change) {
                case WRITE -> kernel.userAccess().writeByte(cpu, child, VADDR, OF_C);
                case EXIT -> kernel.exitMmap(cpu, child);
                case DROP -> kernel.memoryMap().madvise(cpu, child, VADDR, 512 * 4096L, Advice.DONTNEED);
                case UNMAP -> kernel.memoryMap().munmap(cpu, child, VADDR, 512 * 4096L);
                case FORK -> expect(cpu, "C's child", Objects.requireNonNull(kernel.fork(cpu, child)), ORIGINAL);
            }
        }

        private void expect(Cpu cpu, String who, MmStruct mm, int expected) {
            long value = kernel.userAccess().readByte(cpu, mm, VADDR);
            if (value != expected) {
                wrong.add(who + " reads " + value);
            }
        }

        @Override
        public List<String> verdict() {
            expect(kernel.machine().cpu(0), "P in the end", parent, ORIGINAL);
            expect(kernel.machine().cpu(0), "G in the end", grandchild, ORIGINAL);
            if (change != Change.EXIT && change != Change.UNMAP) {
                int ofC = change == Change.WRITE ? OF_C : change == Change.DROP ? 0 : ORIGINAL;
                expect(kernel.machine().cpu(0), "C in the end", child, ofC);
            }
            return List.copyOf(wrong);
        }
    }
}
