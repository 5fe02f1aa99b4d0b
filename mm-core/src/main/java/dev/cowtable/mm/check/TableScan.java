package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Walks every table of every address space and sums up what the counters should say.
 *
 * <p>A shared table's entries are counted once, times what the design says that the table contributes.
 */
final class TableScan {
    private final Kernel kernel;
    private final PhysicalMemory memory;
    private final Violations violations;
    private final int[] mapcount;
    private final SwapCheck swapCheck;
    private final MigrationCheck migrations;
    /** For each PTE table found: the PMD entries that point at it. */
    private final Map<PtDesc, Integer> pteTables = new IdentityHashMap<>();
    private long upperTables;

    TableScan(Kernel kernel, Violations violations) {
        this.kernel = kernel;
        this.memory = kernel.machine().memory();
        this.violations = violations;
        this.mapcount = new int[Math.toIntExact(kernel.pageAllocator().freshPfn())];
        this.swapCheck = new SwapCheck(kernel, violations);
        this.migrations = new MigrationCheck(kernel, violations);
    }

    /** Counts mappings of a frame. */
    void mapped(long pfn, int n) {
        mapcount[(int) pfn] += n;
    }

    /** True if the frame has been in use at some time. */
    boolean isKnown(long pfn) {
        return pfn < mapcount.length;
    }

    SwapCheck swapCheck() {
        return swapCheck;
    }

    MigrationCheck migrations() {
        return migrations;
    }

    int expectedMapcount(long pfn) {
        return mapcount[(int) pfn];
    }

    /** PTE tables, tables above them, and the top tables of the address spaces and of the kernel itself. */
    long tablesFound() {
        return pteTables.size() + upperTables + 1;
    }

    void scan(MmStruct mm) {
        SpaceSums space = new SpaceSums(kernel, this, violations, mm);
        upperTables++;
        scanLevel(space, mm.pgdPaddr(), Paging.TOP_LEVEL, 0);
        space.compare();
    }

    private void scanLevel(SpaceSums space, long tablePaddr, int level, long vaddr) {
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long entryPaddr = tablePaddr + i * 8L;
            long entry = memory.read(entryPaddr);
            if (entry == 0) {
                continue;
            }
            long at = vaddr + i * Paging.sizeBytes(level);
            if (PageTables.isLeaf(entry)) {
                space.hugeEntry(entry);
            } else if (level == 2) {
                scanPteTable(space, entry, entryPaddr, at);
            } else {
                upperTables++;
                space.tables[level - 1]++;
                scanLevel(space, Entry.paddr(entry), level - 1, at);
            }
        }
    }

    private void scanPteTable(SpaceSums space, long pmd, long pmdPaddr, long vaddr) {
        PtDesc table = kernel.pageTables().desc(pmd);
        if (table == null) {
            space.tables[1]++;
            violations
                    .add("I6 a PMD entry of " + space.mm + " at 0x" + Long.toHexString(vaddr) + " points at no table");
            return;
        }
        boolean accounted = !table.isShared() || kernel.forkStrategy().accountsTo(table, space.mm);
        space.tables[1] += accounted ? 1 : 0;
        boolean first = pteTables.merge(table, 1, Integer::sum) == 1;
        if (!(table.isSharedBy(space.mm))) {
            violations.add("I8 " + space.mm + " reaches the table in frame " + table.pfn()
                    + " and is not among its sharers");
        }
        if ((pmd & Entry.RW) == 0 && !table.isShared()) {
            violations.add("I4 the PMD entry of " + space.mm + " at 0x"
                    + Long.toHexString(vaddr) + " is read-only and its table is private");
        }
        int weight = first ? kernel.forkStrategy().pageContribution(table) : 0;
        long fingerprint = 1;
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = memory.read(table.paddr() + i * 8L);
            fingerprint = fingerprint * 31 + Pte.mkold(pte);
            if (pte != Pte.NONE) {
                space.entry(table, vaddr + i * 4096L, pte, weight, accounted ? 1 : 0);
            }
        }
        if (first && table.shareCount() > 1 && !table.checkFingerprint(fingerprint)) {
            violations.add("I3 an entry of the table in frame " + table.pfn() + " has changed while it was shared");
        }
    }

    /** Compares what belongs to no single address space. */
    void finish() {
        Cpu boot = kernel.machine().cpu(0);
        pteTables.forEach((table, pmds) -> {
            if (table.sharerCount() != pmds || table.shareCount() != pmds) {
                violations.add("I8 the table in frame "
                        + table.pfn() + " has R=" + table.shareCount() + " and |S|=" + table.sharerCount() + ", but "
                        + pmds
                        + " PMD entries point at it");
            }
            if (pmds > 1 && !table.isShared()) {
                violations.add("I8 the table in frame " + table.pfn()
                        + " is reached by " + pmds + " PMD entries and not marked shared");
            }
            kernel.forkStrategy().checkTable(boot, table, violations::add);
        });
        swapCheck.finish();
        migrations.finish();
    }
}
