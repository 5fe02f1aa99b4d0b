package dev.cowtable.fork;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/** A GUP flavour that finds no page, for tests of fork alone; found as {@code linux}, the default of the designs. */
public final class NoGupProvider implements GupStrategyProvider {
    @Override
    public String name() {
        return "linux";
    }

    @Override
    public String description() {
        return "finds no page";
    }

    @Override
    public GupStrategy create(Kernel kernel) {
        return new NoGup();
    }

    private static final class NoGup implements GupStrategy {
        @Override
        public String name() {
            return "linux";
        }

        @Override
        public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
            return Errno.EFAULT.code();
        }

        @Override
        public int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
            return Errno.EFAULT.code();
        }

        @Override
        public void unpinUserPages(Cpu cpu, long[] pfns, int nrPages) {
            throw new UnsupportedOperationException("nothing was pinned");
        }

        @Override
        public void putUserPages(Cpu cpu, long[] pfns, int nrPages) {
            throw new UnsupportedOperationException("nothing was had");
        }
    }
}
