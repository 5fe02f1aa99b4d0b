package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.PageTables.FULL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Every access that did not walk was answered by a translation that the modelled TLB holds, so the front cache never
 * outlives an eviction, an invalidation or a replacement.
 */
class FrontCacheSubsetTest {
    private static final long BASE = 0x40_0000_0000L;
    private static final int REGIONS = 96;

    @Property(tries = 100)
    void answerWithoutAWalkIsInTheModelledTlb(@ForAll Random random, @ForAll TlbPolicy policy) {
        Machine machine = Machine.builder().tlbPolicy(policy).build();
        Cpu cpu = machine.cpu(0);
        PageTables tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
        Modes.setCr4(cpu, Cr4.PCIDE);
        for (int i = 0; i < 3000; i++) {
            long vaddr = vaddr(random.nextInt(REGIONS), random.nextInt(2));
            int choice = random.nextInt(1000);
            if (choice < 3) {
                Modes.writeProtect(cpu, random.nextBoolean());
            } else if (choice < 6) {
                flush(cpu, random);
            } else if (choice < 16) {
                cpu.movToCr3(tables.root() | random.nextInt(3) | ControlRegisters.CR3_NO_FLUSH);
            } else if (choice < 30) {
                cpu.invlpg(vaddr);
            } else if (choice < 200) {
                remap(tables, vaddr, random);
            } else {
                access(cpu, vaddr, random);
            }
        }
    }

    /** 4 ways of a set, and a fifth page; the first page's front slot is shared with none of the others. */
    @Test
    void evictedPageIsWalkedAgain() {
        Machine machine = Machine.builder().build();
        Cpu cpu = machine.cpu(0);
        PageTables tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
        for (int i = 0; i <= 4; i++) {
            tables.map(sameSet(i), 0x100 + i, FULL);
            cpu.translate(sameSet(i), Access.READ);
        }
        tables.map(sameSet(0), 0x200, FULL);
        assertThat(cpu.translate(sameSet(0), Access.READ)).isEqualTo(0x20_0000);
    }

    /** Walks from the root and from a cached PDE, after each other: each tells the front cache of its own page. */
    @Test
    void rightsOfOnePageAreNotGivenToTheNext() {
        Machine machine = Machine.builder().build();
        Cpu cpu = machine.cpu(0);
        PageTables tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
        long used = FULL | Entry.A | Entry.D;
        for (int i = 0; i < 4; i++) {
            tables.map(BASE + i * Paging.PAGE_BYTES, 0x100 + i, i % 2 == 0 ? used : used & ~Entry.RW);
            assertThat(cpu.translate(BASE + i * Paging.PAGE_BYTES, Access.USER)).isEqualTo(0x10_0000 + i * 0x1000L);
        }
        for (int i = 0; i < 4; i++) {
            long result = cpu.translate(BASE + i * Paging.PAGE_BYTES, Access.USER | Access.WRITE);
            assertThat(Fault.isFault(result)).isEqualTo(i % 2 == 1);
        }
    }

    /** Page numbers equal modulo 512, the number of sets; only the first is 512 modulo 1024. */
    private static long sameSet(int i) {
        long page = i == 0 ? 1 : 2L * i;
        return BASE + (page * 512 << 12);
    }

    /** Addresses that share few sets of the TLB, so that it evicts, but have front slots of their own. */
    private static long vaddr(int region, int page) {
        return BASE + region * (2L << 20) + (((((region >> 3) & 3) << 7) | page) << 12);
    }

    private static void remap(PageTables tables, long vaddr, Random random) {
        long flags = Entry.P | Entry.US | (random.nextLong() & (Entry.RW | Entry.G | Entry.D));
        long pde = tables.get(vaddr, 2);
        if (random.nextInt(3) != 0) {
            tables.set(vaddr, 2, (long) random.nextInt(1000) << 21 | flags | Entry.PS);
        } else if (pde != 0 && !Entry.isPageSize(pde)) {
            tables.map(vaddr, random.nextInt(1 << 20), flags);
        } else {
            tables.set(vaddr, 2, tables.newTable() | FULL);
        }
    }

    private static void flush(Cpu cpu, Random random) {
        if (random.nextInt(4) == 0) {
            Modes.flushAll(cpu);
        } else {
            Modes.flushNonGlobal(cpu);
        }
    }

    private static void access(Cpu cpu, long vaddr, Random random) {
        long walks = cpu.counters().walks();
        int access = (random.nextBoolean() ? Access.WRITE : 0) | (random.nextBoolean() ? Access.USER : 0);
        long result = cpu.translate(vaddr, access);
        if (cpu.counters().walks() == walks && !Fault.isFault(result)) {
            boolean[] found = new boolean[1];
            cpu.forEachTlbEntry((pcid, page, sizeBytes, pfn, writable, user, executable, dirty, global) -> {
                boolean covers = vaddr >= page && vaddr < page + sizeBytes
                        && (global || pcid == (cpu.cr3() & 0xfff));
                found[0] |= covers && Paging.paddr(pfn) + (vaddr - page) == result
                        && ((access & Access.WRITE) == 0 || dirty);
            });
            assertThat(found[0]).as("%x -> %x", vaddr, result).isTrue();
        }
    }
}
