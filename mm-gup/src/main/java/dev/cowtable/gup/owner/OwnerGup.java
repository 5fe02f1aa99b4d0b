package dev.cowtable.gup.owner;

import dev.cowtable.gup.linux.GupSteps;
import dev.cowtable.gup.linux.LinuxGup;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * get_user_pages of Linux that marks the tables whose pages it gives away, slow and fast.
 *
 * <p>Mirrors: follow_page_pte() and gup_pte_range() with COW_PTE_OWN_EXCLUSIVE, "Introduce Copy-On-Write to Page Table", RFC v2, 6/9.
 */
final class OwnerGup implements GupStrategy {
    private final String name;
    private final LinuxGup linux;

    OwnerGup(String name, Kernel kernel, GupSteps steps) {
        this.name = name;
        this.linux = new LinuxGup(kernel, steps);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        return linux.getUserPages(cpu, mm, startVaddr, nrPages, follFlags, pfns);
    }

    @Override
    public int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        return linux.getUserPagesFast(cpu, mm, startVaddr, nrPages, follFlags, pfns);
    }

    @Override
    public void unpinUserPages(Cpu cpu, long[] pfns, int nrPages) {
        linux.unpinUserPages(cpu, pfns, nrPages);
    }

    @Override
    public void putUserPages(Cpu cpu, long[] pfns, int nrPages) {
        linux.putUserPages(cpu, pfns, nrPages);
    }
}
