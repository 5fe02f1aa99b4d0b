package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.rmap.AnonVmaChain;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import org.jspecify.annotations.Nullable;

/** The sums of one address space. */
final class SpaceSums {
    final MmStruct mm;
    final long[] rss = new long[Rss.values().length];
    final long[] tables = new long[Paging.TOP_LEVEL + 1];
    private final Kernel kernel;
    private final MemMap memMap;
    private final TableScan scan;
    private final Violations violations;
    private final FileCheck files;
    /** Whether entries of shared tables must not be writable or exclusive. */
    private final boolean prepared;
    private @Nullable VmAreaStruct vma;

    SpaceSums(Kernel kernel, TableScan scan, Violations violations, MmStruct mm) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.scan = scan;
        this.violations = violations;
        this.files = new FileCheck(kernel, violations);
        this.prepared = kernel.forkStrategy().preparesEntries();
        this.mm = mm;
    }

    void hugeEntry(long pmd) {
        rss[Rss.ANONPAGES.ordinal()] += Paging.ENTRIES;
        tables[1]++;
        scan.mapped(Pte.pfn(pmd), 1);
    }

    /** Counts an entry of a table that contributes {@code weight} times to counts of pages and {@code own} times to this address space. */
    void entry(PtDesc table, long vaddr, long pte, int weight, int own) {
        VmAreaStruct covering = vmaOf(vaddr);
        if (covering == null) {
            violations.add("I5 " + mm + " reaches an entry at 0x" + Long.toHexString(vaddr) + " without a VMA");
            return;
        }
        if (!Pte.isPresent(pte)) {
            nonpresentEntry(table, covering, vaddr, pte, weight, own);
        } else if (!Pte.isSpecial(pte)) {
            rss[kernel.rssKind(Pte.pfn(pte)).ordinal()] += own;
            presentEntry(table, covering, vaddr, pte, weight);
        } else if (!covering.has(VmFlags.PFNMAP | VmFlags.MIXEDMAP)
                && (Pte.pfn(pte) != kernel.zeroPfn() || Pte.isWritable(pte))) {
            violations.add("AE the special entry of " + mm + " at 0x" + Long.toHexString(vaddr)
                    + " is not a read-only zero page");
        }
    }

    private @Nullable VmAreaStruct vmaOf(long vaddr) {
        if (vma == null || !vma.contains(vaddr)) {
            vma = mm.vmaLookup(vaddr);
        }
        return vma;
    }

    private void nonpresentEntry(PtDesc table, VmAreaStruct covering, long vaddr, long pte, int weight,
            int own) {
        if (SwpEntry.isSlot(pte)) {
            rss[Rss.SWAPENTS.ordinal()] += own;
            scan.swapCheck().entry(pte, weight, mm);
        } else if (SwpEntry.isMigration(pte)) {
            rss[kernel.rssKind(SwpEntry.pfn(pte)).ordinal()] += own;
            scan.migrations().entry(pte, weight);
        } else if (SwpEntry.isGuard(pte) && covering.anonVma() == null
                && !covering.has(VmFlags.MAYBE_GUARD)) {
            violations.add("RM the guard marker of " + mm + " at 0x" + Long.toHexString(vaddr)
                    + " lies in a VMA without an anon_vma and without VM_MAYBE_GUARD, and is lost at fork");
        }
        if (table.shareCount() > 1 && prepared && SwpEntry.shareable(pte) != pte) {
            violations.add("I2 the shared table in frame " + table.pfn()
                    + " holds an exclusive swap entry at 0x" + Long.toHexString(vaddr));
        }
    }

    private void presentEntry(PtDesc table, VmAreaStruct covering, long vaddr, long pte, int weight) {
        long pfn = Pte.pfn(pte);
        if (!scan.isKnown(pfn)) {
            violations.add("I6 " + mm + " maps the unused frame " + pfn + " at 0x" + Long.toHexString(vaddr));
            return;
        }
        scan.mapped(pfn, weight);
        boolean anon = memMap.testFlag(pfn, PageFlags.ANON);
        boolean exclusive = memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
        boolean writable = Pte.isWritable(pte);
        if (table.shareCount() > 1 && prepared && (exclusive || (writable && covering.isCowMapping()))) {
            violations.add("I2 a shared table of " + mm + " holds a writable or exclusive page at 0x"
                    + Long.toHexString(vaddr));
        }
        boolean guarded = table.isShared() && !prepared;
        if (writable && !guarded && covering.isCowMapping() && !(anon && exclusive)) {
            violations.add("AE " + mm + " may write frame " + pfn + " at 0x" + Long.toHexString(vaddr)
                    + ", which is not exclusively its own");
        }
        if (writable && !covering.has(VmFlags.WRITE)) {
            violations.add("AE " + mm + " may write at 0x"
                    + Long.toHexString(vaddr) + " in a VMA without VM_WRITE");
        }
        if (anon) {
            checkRmap(covering, vaddr, pfn);
        } else {
            files.checkMapped(covering, vaddr, pfn);
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
