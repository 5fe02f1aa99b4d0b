package dev.cowtable.mmu.tlb;

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

/**
 * A machine of two CPUs and two address spaces: CPU 0 caches one thing, something happens, and then it is told in two
 * ways whether the thing is still there: by enumeration, and by an access after memory was changed behind it.
 */
final class InvalidationLab {
    static final int OWN_PCID = 0x123;
    static final int FOREIGN_PCID = 0xfff;
    /** What operations name. */
    static final long ADDRESS = PageTables.VADDR;
    /** Shares no structure entry with {@link #ADDRESS}. */
    static final long ELSEWHERE = 130L << 39 | 7L << 30 | 9L << 21 | 11L << 12;

    private static final long READ_ONLY = Entry.P | Entry.US;
    private static final long OLD = 1L << 32;
    private static final long NEW = 1L << 33;

    final Cpu cpu;
    final Cpu otherCpu;
    private final boolean pcide;
    private final PageTables own;
    private final PageTables foreign;
    /** Where structure entries point to after the change. */
    private final PageTables next;
    private final int levels;

    InvalidationLab(Machine.Builder builder, boolean pcide, Operation operation) {
        Machine machine = builder.cpus(2).memoryBytes(1L << 40).build();
        this.pcide = pcide;
        this.cpu = machine.cpu(0);
        this.otherCpu = machine.cpu(1);
        this.own = new PageTables(machine, 0x1000);
        this.foreign = new PageTables(machine, 0x2000);
        this.next = new PageTables(machine, 0x3000);
        this.levels = (cpu.cr4() & Cr4.LA57) != 0 ? 5 : 4;
        for (int id = 0; id < 2; id++) {
            Modes.setCr4(machine.cpu(id), (pcide ? Cr4.PCIDE : 0) | operation.cr4Set);
            Modes.clearCr4(machine.cpu(id), operation.cr4Clear);
            select(machine.cpu(id), OWN_PCID);
        }
    }

    private PageTables tables(CachedThing thing) {
        return thing.own ? own : foreign;
    }

    private int pcid(boolean ofOwn) {
        return pcide ? (ofOwn ? OWN_PCID : FOREIGN_PCID) : 0;
    }

    /** The operand that selects the address space. */
    long cr3(int pcid) {
        return (pcid == OWN_PCID ? own : foreign).root() | (pcide ? pcid : 0);
    }

    /** Makes the address space current and drops nothing that it has. */
    private void select(Cpu which, int pcid) {
        if (pcide && (which.cr4() & Cr4.PCIDE) == 0) {
            which.movToCr3(0);
            Modes.setCr4(which, Cr4.PCIDE);
        }
        if (pcide || which.cr3() != cr3(pcid)) {
            assertThat(which.movToCr3(cr3(pcid) | (pcide ? ControlRegisters.CR3_NO_FLUSH : 0))).isZero();
        }
    }

    // ---- before

    void fill(CachedThing thing) {
        if (thing.isPage()) {
            mapPage(thing, OLD);
        } else {
            mapSteps(tables(thing), thing, OLD);
            mapSteps(next, thing, NEW);
        }
        select(cpu, thing.own ? OWN_PCID : FOREIGN_PCID);
        assertThat(cpu.translate(thing.vaddr(), Access.USER)).isNotNegative();
        select(cpu, OWN_PCID);
    }

    private void mapPage(CachedThing thing, long paddr) {
        tables(thing).set(thing.vaddr(), thing.pageLevel, paddr | READ_ONLY | (thing.pageLevel > 1 ? Entry.PS : 0)
                | (thing.global ? Entry.G : 0));
    }

    private void mapSteps(PageTables where, CachedThing thing, long paddr) {
        where.set(thing.vaddr(), 1, paddr | READ_ONLY);
        for (int level = 2; level <= levels; level++) {
            where.set(below(thing, level), 1, paddr | READ_ONLY);
        }
    }

    /** An address that needs the thing's structure entry of the level and none below it. */
    private static long below(CachedThing thing, int level) {
        return thing.vaddr() ^ 16L << Paging.shift(level - 1);
    }

    /** For the row of the page fault: every page is read-only. */
    void writeToReadOnlyPage(Cpu which) {
        assertThat(Fault.isPageFault(which.translate(ADDRESS, Access.WRITE | Access.USER))).isTrue();
    }

    // ---- after

    boolean isHeld(CachedThing thing) {
        int found = thing.isPage() ? countPages(thing) : countSteps(thing);
        assertThat(found).as("parts of " + thing).isIn(0, thing.isPage() ? 1 : levels - 1);
        return found != 0;
    }

    private int countPages(CachedThing thing) {
        int[] found = new int[1];
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> found[0] +=
                pcid == pcid(thing.own) && vaddr == thing.page()
                        && sizeBytes == Paging.sizeBytes(thing.pageLevel) ? 1 : 0);
        return found[0];
    }

    private int countSteps(CachedThing thing) {
        int[] found = new int[1];
        cpu.forEachPagingStructureEntry((pcid, level, prefix, nextTable, writable, user) -> found[0] +=
                pcid == pcid(thing.own) && prefix == (thing.vaddr() & -Paging.sizeBytes(level)) ? 1 : 0);
        return found[0];
    }

    /** Changes memory without any invalidation, and asks the CPU. */
    boolean isUsed(CachedThing thing) {
        if (thing.isPage()) {
            mapPage(thing, NEW);
        } else {
            for (int level = 2; level <= levels; level++) {
                tables(thing).set(thing.vaddr(), level, next.get(thing.vaddr(), level));
            }
        }
        select(cpu, thing.own ? OWN_PCID : FOREIGN_PCID);
        return thing.isPage() ? isOld(thing.vaddr()) : stepsAreOld(thing);
    }

    private boolean stepsAreOld(CachedThing thing) {
        boolean first = isOld(below(thing, 2));
        for (int level = 3; level <= levels; level++) {
            assertThat(isOld(below(thing, level))).as("level %d of %s", level, thing).isEqualTo(first);
        }
        return first;
    }

    private boolean isOld(long vaddr) {
        long paddr = cpu.translate(vaddr, Access.USER);
        assertThat(paddr).as(Fault.describe(paddr)).isNotNegative();
        assertThat(paddr & (OLD | NEW)).isIn(OLD, NEW);
        return (paddr & OLD) != 0;
    }
}
