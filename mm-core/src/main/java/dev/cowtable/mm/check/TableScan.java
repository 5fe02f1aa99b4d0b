package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.rmap.AnonVmaChain;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Walks every table of every address space and sums up what the counters should say.
 *
 * <p>A shared table's entries are counted once, times what the design says that the table contributes.
 */
final class TableScan {
    private final Kernel kernel;
    private final MemMap memMap;
    private final PhysicalMemory memory;
    private final Violations violations;
    private final int[] mapcount;
    private final int[] swapCount;
    /** For each PTE table found: the PMD entries that point at it. */
    private final Map<PtDesc, Integer> pteTables = new IdentityHashMap<>();
    private long upperTables;

    TableScan(Kernel kernel, Violations violations) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.memory = kernel.machine().memory();
        this.violations = violations;
        this.mapcount = new int[Math.toIntExact(kernel.pageAllocator().freshPfn())];
        this.swapCount = new int[kernel.swapMap().slots()];
    }

    int expectedMapcount(long pfn) {
        return mapcount[(int) pfn];
    }

    /** PTE tables, tables above them, and the top tables of the address spaces and of the kernel itself. */
    long tablesFound() {
        return pteTables.size() + upperTables + 1;
    }

    void scan(MmStruct mm) {
        AddressSpace space = new AddressSpace(mm);
        upperTables++;
        scanLevel(space, mm.pgdPaddr(), Paging.TOP_LEVEL, 0);
        space.compare();
    }

    private void scanLevel(AddressSpace space, long tablePaddr, int level, long vaddr) {
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

    private void scanPteTable(AddressSpace space, long pmd, long pmdPaddr, long vaddr) {
        space.tables[1]++;
        PtDesc table = kernel.pageTables().desc(pmd);
        if (table == null) {
            violations
                    .add("I6 a PMD entry of " + space.mm + " at 0x" + Long.toHexString(vaddr) + " points at no table");
            return;
        }
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
                space.entry(table, vaddr + i * 4096L, pte, weight);
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
        for (int slot = 0; slot < swapCount.length; slot++) {
            if (swapCount[slot] != kernel.swapMap().count(slot)) {
                violations.add("I1 swap slot " + slot + " has count "
                        + kernel.swapMap().count(slot) + " and " + swapCount[slot] + " entries name it");
            }
        }
    }

    /** The sums of one address space. */
    private final class AddressSpace {
        final MmStruct mm;
        final long[] rss = new long[Rss.values().length];
        final long[] tables = new long[Paging.TOP_LEVEL + 1];
        private @Nullable VmAreaStruct vma;

        AddressSpace(MmStruct mm) {
            this.mm = mm;
        }

        void hugeEntry(long pmd) {
            rss[Rss.ANONPAGES.ordinal()] += Paging.ENTRIES;
            tables[1]++;
            mapcount[(int) Pte.pfn(pmd)]++;
        }

        void entry(PtDesc table, long vaddr, long pte, int weight) {
            VmAreaStruct covering = vmaOf(vaddr);
            if (covering == null) {
                violations.add("I5 " + mm + " reaches an entry at 0x" + Long.toHexString(vaddr) + " without a VMA");
                return;
            }
            boolean restricted = table.shareCount() > 1;
            if (!Pte.isPresent(pte)) {
                swapEntry(table, vaddr, pte, weight, restricted);
            } else if (!Pte.isSpecial(pte)) {
                presentEntry(covering, vaddr, pte, weight, restricted);
            } else {
                if (Pte.pfn(pte) != kernel.zeroPfn() || Pte.isWritable(pte)) {
                    violations.add("AE the special entry of " + mm + " at 0x" + Long.toHexString(vaddr)
                            + " is not a read-only zero page");
                }
            }
        }

        private @Nullable VmAreaStruct vmaOf(long vaddr) {
            if (vma == null || !vma.contains(vaddr)) {
                vma = mm.vmaLookup(vaddr);
            }
            return vma;
        }

        private void swapEntry(PtDesc table, long vaddr, long pte, int weight, boolean restricted) {
            rss[Rss.SWAPENTS.ordinal()]++;
            swapCount[(int) SwpEntry.offset(pte)] += weight;
            if (restricted && SwpEntry.isExclusive(pte)) {
                violations.add("I2 the shared table in frame " + table.pfn()
                        + " holds an exclusive swap entry at 0x" + Long.toHexString(vaddr));
            }
        }

        private void presentEntry(VmAreaStruct covering, long vaddr, long pte, int weight, boolean restricted) {
            long pfn = Pte.pfn(pte);
            rss[kernel.rssKind(pfn).ordinal()]++;
            if (pfn >= mapcount.length) {
                violations.add("I6 " + mm + " maps the unused frame " + pfn + " at 0x" + Long.toHexString(vaddr));
                return;
            }
            mapcount[(int) pfn] += weight;
            boolean anon = memMap.testFlag(pfn, PageFlags.ANON);
            boolean exclusive = memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
            boolean writable = Pte.isWritable(pte);
            if (restricted && (exclusive || (writable && covering.isCowMapping()))) {
                violations.add("I2 a shared table of " + mm + " holds a writable or exclusive page at 0x"
                        + Long.toHexString(vaddr));
            }
            if (writable && covering.isCowMapping() && !(anon && exclusive)) {
                violations.add("AE " + mm + " may write frame " + pfn + " at 0x" + Long.toHexString(vaddr)
                        + ", which is not exclusively its own");
            }
            if (writable && !covering.has(VmFlags.WRITE)) {
                violations.add("AE " + mm + " may write at 0x"
                        + Long.toHexString(vaddr) + " in a VMA without VM_WRITE");
            }
            if (anon) {
                checkRmap(covering, vaddr, pfn);
            }
        }

        private void checkRmap(VmAreaStruct covering, long vaddr, long pfn) {
            Object mapping = memMap.mapping(pfn);
            boolean found = memMap.index(pfn) == covering.linearPageIndex(vaddr);
            boolean linked = false;
            for (AnonVmaChain chain : covering.anonVmaChain()) {
                linked |= chain.anonVma() == mapping;
            }
            if (!found || !linked) {
                violations.add("RM frame " + pfn + ", mapped by " + mm + " at 0x" + Long.toHexString(vaddr)
                        + ", is not found through its anon_vma");
            }
        }

        void compare() {
            for (Rss kind : Rss.values()) {
                if (rss[kind.ordinal()] != mm.rss(kind)) {
                    violations.add("I1 " + mm + " counts " + mm.rss(kind) + " " + kind
                            + " and maps " + rss[kind.ordinal()]);
                }
            }
            for (int level = 1; level < Paging.TOP_LEVEL; level++) {
                if (tables[level] != mm.tables(level)) {
                    violations.add("I8 " + mm + " counts " + mm.tables(level)
                            + " tables of level " + level + " and reaches " + tables[level]);
                }
            }
        }
    }
}
