package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.function.LongPredicate;

/** What a table may hold to be shared as it is. */
public final class Shareable {
    private static final long SPECIAL = VmFlags.SHARED | VmFlags.PFNMAP | VmFlags.MIXEDMAP | VmFlags.UFFD_WP
            | VmFlags.DONTCOPY | VmFlags.WIPEONFORK;

    private final Kernel kernel;

    public Shareable(Kernel kernel) {
        this.kernel = kernel;
    }

    /** True if all VMAs with a part in a 2 MiB range are private anonymous memory whose entries a child gets. */
    public static boolean allPlain(MmStruct mm, long block) {
        VmAreaStruct vma = mm.findVma(block);
        while (vma != null && vma.start() < block + PageTables.PMD_BYTES) {
            if (!isPlain(vma)) {
                return false;
            }
            vma = mm.findVma(vma.end());
        }
        return true;
    }

    /** True if one VMA, private anonymous memory whose entries a child gets, covers a whole 2 MiB range. */
    public static boolean oneCovers(MmStruct mm, long block) {
        VmAreaStruct vma = mm.vmaLookup(block);
        return vma != null && vma.end() >= block + PageTables.PMD_BYTES && isPlain(vma);
    }

    private static boolean isPlain(VmAreaStruct vma) {
        return vma.isAnonymous() && !vma.has(SPECIAL) && (vma.anonVma() != null || vma.has(VmFlags.MAYBE_GUARD));
    }

    /** True if an exclusive page of a table may be pinned: the child must get a copy of it. Locks: ptl. */
    public boolean holdsPinned(Cpu cpu, PtDesc table) {
        return holds(cpu, table, pte -> Pte.isPresent(pte) && !Pte.isSpecial(pte)
                && kernel.rmap().isExclusiveAndMaybePinned(cpu, Pte.pfn(pte)));
    }

    /** True if a swap entry stands in the table of a 2 MiB range that fork would share. Locks: takes ptl. */
    public boolean swapEntryIn(Cpu cpu, MmStruct mm, LongPredicate sharedBlock) {
        PageTables tables = kernel.pageTables();
        boolean found = false;
        for (VmAreaStruct vma : mm.vmas()) {
            long at = tables.nextPopulatedPmd(cpu, mm, vma.start() & -PageTables.PMD_BYTES, vma.end());
            while (at < vma.end() && !found) {
                long block = at & -PageTables.PMD_BYTES;
                PtDesc table = sharedBlock.test(block) ? tables.lockTable(cpu, tables.pmdOffset(cpu, mm, at)) : null;
                if (table != null) {
                    found = holds(cpu, table, SwpEntry::isSlot);
                    table.ptl().unlock(cpu);
                }
                at = tables.nextPopulatedPmd(cpu, mm, block + PageTables.PMD_BYTES, vma.end());
            }
        }
        return found;
    }

    private static boolean holds(Cpu cpu, PtDesc table, LongPredicate what) {
        for (int i = 0; i < Paging.ENTRIES; i++) {
            if (what.test(cpu.memory().read(table.paddr() + i * 8L))) {
                return true;
            }
        }
        return false;
    }
}
