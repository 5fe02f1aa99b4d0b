package dev.cowtable.suite.compare;

import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.snapshot.SnapshotVma;
import java.util.Map;

/**
 * Turns the two-letter codes of smaps into VM_ flags.
 *
 * <p>Mirrors: show_smap_vma_flags() in fs/proc/task_mmu.c. Codes without a rule in this kernel (sr, rr, dd, sd, dp ...)
 * are skipped: fork does not ask for them.
 */
final class RecordedFlags {
    private static final Map<String, Long> BY_CODE = Map.ofEntries(
            Map.entry("rd", VmFlags.READ), Map.entry("wr", VmFlags.WRITE),
            Map.entry("ex", VmFlags.EXEC), Map.entry("sh", VmFlags.SHARED), Map.entry("mr", VmFlags.MAYREAD),
            Map.entry("mw", VmFlags.MAYWRITE), Map.entry("me", VmFlags.MAYEXEC), Map.entry("ms", VmFlags.MAYSHARE),
            Map.entry("gd", VmFlags.GROWSDOWN), Map.entry("pf", VmFlags.PFNMAP), Map.entry("lo", VmFlags.LOCKED),
            Map.entry("io", VmFlags.IO), Map.entry("dc", VmFlags.DONTCOPY), Map.entry("de", VmFlags.DONTEXPAND),
            Map.entry("lf", VmFlags.LOCKONFAULT), Map.entry("ac", VmFlags.ACCOUNT), Map.entry("nr", VmFlags.NORESERVE),
            Map.entry("ht", VmFlags.HUGETLB), Map.entry("wf", VmFlags.WIPEONFORK), Map.entry("mm", VmFlags.MIXEDMAP),
            Map.entry("hg", VmFlags.HUGEPAGE), Map.entry("nh", VmFlags.NOHUGEPAGE), Map.entry("mg", VmFlags.MERGEABLE),
            Map.entry("um", VmFlags.UFFD_MISSING), Map.entry("uw", VmFlags.UFFD_WP));

    private RecordedFlags() {
    }

    /** The VM_ flags of a recorded VMA; from its permissions alone if smaps gave no codes. */
    static long of(SnapshotVma vma) {
        if (vma.vmFlags().isEmpty()) {
            return ofPermissions(vma.perms());
        }
        long flags = 0;
        for (String code : vma.vmFlags().split(",", -1)) {
            flags |= BY_CODE.getOrDefault(code, 0L);
        }
        return flags;
    }

    private static long ofPermissions(String perms) {
        long flags = VmFlags.MAY_FLAGS;
        flags |= perms.charAt(0) == 'r' ? VmFlags.READ : 0;
        flags |= perms.charAt(1) == 'w' ? VmFlags.WRITE : 0;
        flags |= perms.charAt(2) == 'x' ? VmFlags.EXEC : 0;
        boolean shared = perms.charAt(3) == 's';
        boolean accounted = !shared && perms.charAt(1) == 'w';
        return flags | (shared ? VmFlags.SHARED | VmFlags.MAYSHARE : 0) | (accounted ? VmFlags.ACCOUNT : 0);
    }
}
