package dev.cowtable.suite.snapshot;

import java.util.List;

/**
 * The memory layout of one process at one moment.
 *
 * @param comm          the process's name
 * @param kernelRelease kernel version without its local suffix
 * @param zeroPagesBy   how zero pages were told from shared anonymous ones
 * @param hugePagesBy   how PMD mappings were told from PTE mappings
 * @param steady        the VMAs were the same before and after the pages were read
 * @param vmas          by ascending address, not overlapping
 */
public record Snapshot(String comm, String kernelRelease, KnownBy zeroPagesBy, KnownBy hugePagesBy, boolean steady,
        SnapshotStatus status, List<SnapshotVma> vmas) {

    public Snapshot {
        vmas = List.copyOf(vmas);
        SnapshotVma.check(comm.chars().noneMatch(Character::isISOControl), "control character in comm");
        SnapshotVma.check(!kernelRelease.isEmpty() && kernelRelease.chars().allMatch(Snapshot::isVersionChar),
                "bad kernel release '" + kernelRelease + "'");
        for (int i = 1; i < vmas.size(); i++) {
            checkOrder(vmas.get(i - 1), vmas.get(i));
        }
    }

    /** Pages of that state in all VMAs. */
    public long nrPages(PageState state) {
        long sum = 0;
        for (SnapshotVma vma : vmas) {
            sum += vma.pages().nrPages(state);
        }
        return sum;
    }

    /** Present anonymous 4 kB pages, those of PMD mappings included: what RssAnon counts. */
    public long nrAnonPages() {
        long sum = 0;
        for (PageState state : PageState.values()) {
            sum += state.isAnon() ? nrPages(state) : 0;
        }
        return sum;
    }

    static void checkOrder(SnapshotVma before, SnapshotVma after) {
        SnapshotVma.check(Long.compareUnsigned(before.endVaddr(), after.startVaddr()) <= 0,
                "VMA overlaps the one before it or is out of order");
    }

    private static boolean isVersionChar(int c) {
        return c > ' ' && c < 0x7f;
    }
}
