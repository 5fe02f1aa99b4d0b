package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.VmaView;
import dev.cowtable.suite.litmus.VmaView.Flag;
import dev.cowtable.suite.litmus.VmaView.Smaps;
import java.util.List;

/**
 * Prints the VMAs of the test areas and what is resident in them.
 *
 * <p>Mirrors: show_smap(), smap_gather_stats(), smaps_account() (fs/proc/task_mmu.c).
 */
final class VmaObserver {
    private static final int PSS_SHIFT = 12;
    private static final int KIB_SHIFT = 10;

    private final LitmusWorld world;
    private final Kernel kernel;

    VmaObserver(LitmusWorld world) {
        this.world = world;
        this.kernel = world.kernel();
    }

    /** A line per VMA, with the figures of smaps if asked for. */
    void print(StringBuilder out, List<Area> areas, boolean smaps) {
        for (LitmusProcess process : world.living()) {
            for (VmAreaStruct vma : process.mm().vmas()) {
                if (isTested(vma, areas)) {
                    view(vma).appendTo(out, process.number(), areas, smaps ? smaps(vma) : null);
                }
            }
        }
    }

    private static boolean isTested(VmAreaStruct vma, List<Area> areas) {
        for (Area area : areas) {
            if (vma.start() < area.endVaddr() && area.vaddr() < vma.end()) {
                return true;
            }
        }
        return false;
    }

    private static VmaView view(VmAreaStruct vma) {
        return new VmaView(vma.start(), vma.end(), vma.has(VmFlags.READ), vma.has(VmFlags.WRITE), vma.has(VmFlags.EXEC),
                vma.has(VmFlags.MAYSHARE), shown(vma));
    }

    private static int shown(VmAreaStruct vma) {
        int shown = 0;
        for (Flag flag : Flag.values()) {
            shown |= vma.has(bits(flag)) ? flag.bit() : 0;
        }
        return shown;
    }

    /** The kernel's bit of a printed flag; 0 for one that this kernel never sets. */
    private static long bits(Flag flag) {
        return switch (flag) {
            case SH -> VmFlags.SHARED;
            case GD -> VmFlags.GROWSDOWN;
            case UM -> VmFlags.UFFD_MISSING;
            case UW -> VmFlags.UFFD_WP;
            case LO -> VmFlags.LOCKED;
            case DC -> VmFlags.DONTCOPY;
            case LF -> VmFlags.LOCKONFAULT;
            case AC -> VmFlags.ACCOUNT;
            case NR -> VmFlags.NORESERVE;
            case WF -> VmFlags.WIPEONFORK;
            case HG -> VmFlags.HUGEPAGE;
            case NH -> VmFlags.NOHUGEPAGE;
            case MG -> VmFlags.MERGEABLE;
            case GU, UI -> 0;
        };
    }

    private Smaps smaps(VmAreaStruct vma) {
        EntryReader entries = new EntryReader(kernel.machine().memory(), vma.mm());
        Sums sums = new Sums();
        long vaddr = vma.start();
        while (vaddr < vma.end()) {
            if (!entries.hasTable(vaddr)) {
                vaddr = (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
                continue;
            }
            long pte = entries.pte(vaddr);
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                sums.add(kernel.memMap(), Pte.pfn(pte));
            }
            vaddr += AreaLayout.PAGE_BYTES;
        }
        return sums.toSmaps();
    }

    /** Counts of resident pages; the zero page is none. */
    private static final class Sums {
        private long resident;
        private long anonymous;
        private long shared;
        private long pssFixedPoint;

        void add(MemMap memMap, long pfn) {
            int mapcount = memMap.mapcount(pfn);
            resident++;
            anonymous += memMap.testFlag(pfn, PageFlags.ANON) ? 1 : 0;
            shared += mapcount > 1 ? 1 : 0;
            pssFixedPoint += (AreaLayout.PAGE_BYTES << PSS_SHIFT) / Math.max(1, mapcount);
        }

        Smaps toSmaps() {
            return new Smaps(kib(resident), pssFixedPoint >> PSS_SHIFT + KIB_SHIFT, kib(anonymous), 0, 0, 0, 0, 0, 0,
                    kib(shared), kib(resident - shared));
        }

        private static long kib(long pages) {
            return pages * AreaLayout.PAGE_BYTES >> KIB_SHIFT;
        }
    }
}
