package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.reg.Vendor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Random changes of memory, accesses and invalidations on two CPUs with two PCIDs each, without any discipline: what is
 * used, and what is cached, was current at some time since the last event that had to drop it; and a TLB that never
 * evicts holds exactly what was filled and not dropped.
 */
class StalenessPropertyTest {
    private static final int OPERATIONS = 250;
    private static final int[] ACCESSES = {Access.READ, Access.WRITE, Access.USER, Access.USER | Access.WRITE,
            Access.USER | Access.FETCH};

    @Property(tries = 120)
    void everyTranslationUsedIsLegalAndNoneIsForgotten(@ForAll Random random, @ForAll TlbPolicy policy,
            @ForAll Vendor vendor, @ForAll boolean watched) {
        StalenessWorld world = new StalenessWorld(vendor, policy, watched);
        for (int i = 0; i < OPERATIONS; i++) {
            step(world, random);
            world.checkHeld();
        }
    }

    private static void step(StalenessWorld world, Random random) {
        int cpu = random.nextInt(2);
        long vaddr = world.page(random.nextInt(StalenessWorld.PAGES)) + random.nextInt(512) * 8L;
        int choice = random.nextInt(100);
        if (choice < 20) {
            world.writePte(random);
        } else if (choice < 28) {
            world.writeUpperEntry(random);
        } else if (choice < 78) {
            world.access(cpu, vaddr, ACCESSES[random.nextInt(ACCESSES.length)]);
        } else if (choice < 82) {
            world.prefetch(cpu, vaddr);
        } else if (choice < 88) {
            world.invlpg(cpu, vaddr);
        } else if (choice < 92) {
            world.invpcid(cpu, random.nextInt(4), 1 + random.nextInt(2), vaddr);
        } else {
            world.movToCr3(cpu, 1 + random.nextInt(2), random.nextInt(3) != 0);
        }
    }
}
