package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.VmaView;
import dev.cowtable.suite.litmus.VmaView.Flag;
import dev.cowtable.suite.litmus.VmaView.Smaps;
import java.util.List;

/**
 * Prints the VMAs of the test areas and what is resident in them.
 *
 * <p>Mirrors: show_smap() (fs/proc/task_mmu.c).
 */
final class VmaObserver {
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
            case GU -> VmFlags.MAYBE_GUARD;
            case UI -> 0;
        };
    }

    private Smaps smaps(VmAreaStruct vma) {
        return new SmapsSums(kernel, vma).gather();
    }
}
