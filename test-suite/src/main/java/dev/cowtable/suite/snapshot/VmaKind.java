package dev.cowtable.suite.snapshot;

import java.util.Locale;

/** What stands behind a VMA. */
public enum VmaKind {
    ANON,
    HEAP,
    STACK,
    FILE,
    SHMEM,
    /** vdso, vvar, vsyscall and other mappings that the kernel makes for itself. */
    SPECIAL;

    private static final String DELETED = " (deleted)";

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static VmaKind ofWord(String word) {
        for (VmaKind kind : values()) {
            if (kind.word().equals(word)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("unknown VMA kind '" + word + "'");
    }

    /**
     * The kind that a path column of maps stands for.
     *
     * <p>Differs: a file on a tmpfs that is mounted elsewhere than on /dev/shm counts as a file.
     */
    static VmaKind ofPath(String path) {
        if (path.isEmpty() || path.startsWith("[anon:")) {
            return ANON;
        }
        if (isShmem(path)) {
            return SHMEM;
        }
        if (path.startsWith("[stack")) {
            return STACK;
        }
        if (path.equals("[heap]")) {
            return HEAP;
        }
        return path.startsWith("[") ? SPECIAL : FILE;
    }

    private static boolean isShmem(String path) {
        return path.startsWith("/memfd:") || path.startsWith("/dev/shm/") || path.startsWith("/SYSV")
                || path.startsWith("/dev/zero") || path.startsWith("[anon_shmem:");
    }

    /** The last part of a path, or what stands in the brackets; empty for an unnamed mapping. */
    static String shortName(String path) {
        String name = path.endsWith(DELETED) ? path.substring(0, path.length() - DELETED.length()) : path;
        if (name.startsWith("[") && name.endsWith("]")) {
            name = name.substring(1, name.length() - 1);
            return name.startsWith("anon:") ? name.substring("anon:".length()) : name;
        }
        return name.substring(name.lastIndexOf('/') + 1);
    }
}
