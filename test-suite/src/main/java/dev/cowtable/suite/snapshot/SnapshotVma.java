package dev.cowtable.suite.snapshot;

import java.util.regex.Pattern;

/**
 * One recorded VMA.
 *
 * @param startVaddr  first byte
 * @param endVaddr    first byte after it
 * @param perms       as in maps: {@code rwxp}, a dash for what is missing, s for shared
 * @param offsetBytes offset into the file
 * @param hasAnonVma  the VMA has an anon_vma, so fork() copies its entries; deduced from its pages
 * @param vmFlags     two-letter codes of smaps with commas, or empty
 * @param name        last part of the path or name in brackets, or empty
 */
public record SnapshotVma(long startVaddr, long endVaddr, String perms, long offsetBytes, VmaKind kind,
        boolean hasAnonVma, String vmFlags, String name, PageRuns pages) {
    public static final int PAGE_SHIFT = 12;

    private static final Pattern PERMS = Pattern.compile("[r-][w-][x-][ps]");
    private static final Pattern FLAGS = Pattern.compile("|[a-z0-9?]{2}(,[a-z0-9?]{2})*");

    public SnapshotVma {
        check(((startVaddr | endVaddr) & ((1L << PAGE_SHIFT) - 1)) == 0, "VMA is not page-aligned");
        check(Long.compareUnsigned(startVaddr, endVaddr) < 0, "VMA ends before it starts");
        check(PERMS.matcher(perms).matches(), "bad permissions '" + perms + "'");
        check(FLAGS.matcher(vmFlags).matches(), "bad VmFlags '" + vmFlags + "'");
        check(name.chars().noneMatch(Character::isISOControl), "control character in a name");
        long nrPages = (endVaddr - startVaddr) >>> PAGE_SHIFT;
        check(pages.totalPages() == nrPages,
                "runs hold " + pages.totalPages() + " pages, the VMA has " + nrPages);
        check(hasAnonVma || !pages.needsAnonVma(), "anonymous pages in a VMA without anon_vma");
    }

    public long nrPages() {
        return (endVaddr - startVaddr) >>> PAGE_SHIFT;
    }

    public boolean isWritable() {
        return perms.charAt(1) == 'w';
    }

    public boolean isShared() {
        return perms.charAt(3) == 's';
    }

    /** Whether smaps showed that two-letter code, such as {@code dc} (VM_DONTCOPY). */
    public boolean hasFlag(String code) {
        for (int i = 0; i + 2 <= vmFlags.length(); i += 3) {
            if (vmFlags.startsWith(code, i)) {
                return true;
            }
        }
        return false;
    }

    static void check(boolean condition, String reason) {
        if (!condition) {
            throw new IllegalArgumentException(reason);
        }
    }
}
