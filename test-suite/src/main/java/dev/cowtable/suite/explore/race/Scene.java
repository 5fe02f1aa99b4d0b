package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What all races are made of: processes with pages in one 2 MiB range, their accesses, and a list of what went wrong.
 */
final class Scene {
    /** The one range in which all pages lie, so that one PTE table holds them. */
    static final long BLOCK_VADDR = 0x4000_0000L;
    static final int BLOCK_PAGES = Paging.ENTRIES;
    /** What every page holds when a race begins. */
    static final int ORIGINAL = 1;

    private final Kernel kernel;
    private final List<String> wrong = new ArrayList<>();

    Scene(Kernel kernel) {
        this.kernel = kernel;
    }

    Kernel kernel() {
        return kernel;
    }

    Cpu cpu(int id) {
        return kernel.machine().cpu(id);
    }

    static long page(int i) {
        return BLOCK_VADDR + i * Paging.PAGE_BYTES;
    }

    // ---------------------------------------------------------------- setting up

    /** A process with a private writable mapping of the whole range, its first pages written. */
    MmStruct process(Cpu cpu, int writtenPages) {
        MmStruct mm = newMm(cpu);
        map(cpu, mm, 0, BLOCK_PAGES, VmFlags.READ | VmFlags.WRITE);
        for (int i = 0; i < writtenPages; i++) {
            write(cpu, mm, i, ORIGINAL);
        }
        return mm;
    }

    MmStruct newMm(Cpu cpu) {
        return Objects.requireNonNull(kernel.newMm(cpu), "no memory for a process");
    }

    void map(Cpu cpu, MmStruct mm, int firstPage, int pages, long prot) {
        long bytes = pages * Paging.PAGE_BYTES;
        if (kernel.memoryMap().mmapAnonymous(cpu, mm, page(firstPage), bytes, prot, false) != 0) {
            throw new IllegalStateException("the mapping cannot be made");
        }
    }

    MmStruct fork(Cpu cpu, MmStruct parent) {
        return Objects.requireNonNull(kernel.fork(cpu, parent), "no memory for a child");
    }

    // ---------------------------------------------------------------- accesses

    void write(Cpu cpu, MmStruct mm, int page, int value) {
        long result = kernel.userAccess().writeByte(cpu, mm, page(page), value);
        if (result < 0) {
            throw new IllegalStateException("a write of " + mm + " to page " + page + " ends in a signal");
        }
    }

    int read(Cpu cpu, MmStruct mm, int page) {
        long result = kernel.userAccess().readByte(cpu, mm, page(page));
        if (result < 0) {
            throw new IllegalStateException("a read of " + mm + " from page " + page + " ends in a signal");
        }
        return (int) result;
    }

    /** The frame that a page is mapped to; -1 if to none. No scheduling points, no fault. */
    long mappedPfn(MmStruct mm, int page) {
        long table = mm.pgdPaddr();
        long entry = 0;
        for (int level = Paging.TOP_LEVEL; level >= 1; level--) {
            entry = kernel.machine().memory().read(PageTables.entryPaddr(table, page(page), level));
            if (!Entry.isPresent(entry)) {
                return -1;
            }
            table = Entry.paddr(entry);
        }
        return Entry.pfn(entry);
    }

    // ---------------------------------------------------------------- findings

    /** Reads a page and takes down a value that is not one of those allowed; the value. */
    int expectRead(Cpu cpu, String who, MmStruct mm, int page, int... allowed) {
        int value = read(cpu, mm, page);
        for (int good : allowed) {
            if (value == good) {
                return value;
            }
        }
        add(who + " reads " + value + " from page " + page);
        return value;
    }

    /** Reads a page again and again while another thread replaces its value once: the old value never comes back. */
    void expectReads(Cpu cpu, String who, MmStruct mm, int page, int before, int after) {
        int last = before;
        for (int i = 0; i < 4; i++) {
            last = last == after ? expectRead(cpu, who, mm, page, after)
                    : expectRead(cpu, who, mm, page, before, after);
        }
    }

    void require(boolean holds, String sentence) {
        if (!holds) {
            add(sentence);
        }
    }

    /** Why synchronized: with real threads several CPUs find something; no scheduling point lies inside. */
    private synchronized void add(String sentence) {
        wrong.add(sentence);
    }

    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }
}
