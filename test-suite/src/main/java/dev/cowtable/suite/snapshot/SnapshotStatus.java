package dev.cowtable.suite.snapshot;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Figures of /proc/PID/status, in kB as the kernel prints them.
 *
 * <p>Mirrors: task_mem() in fs/proc/task_mmu.c; vmPteKb counts the tables of all levels but the top one.
 *
 * @param thpEnabled false after prctl(PR_SET_THP_DISABLE)
 */
public record SnapshotStatus(long vmPteKb, long vmRssKb, long vmSizeKb, long rssAnonKb, long rssFileKb,
        long rssShmemKb, long vmSwapKb, boolean thpEnabled) {

    public SnapshotStatus {
        if ((vmPteKb | vmRssKb | vmSizeKb | rssAnonKb | rssFileKb | rssShmemKb | vmSwapKb) < 0) {
            throw new IllegalArgumentException("negative status value");
        }
    }

    /** The values by the kernel's names, in the order of the file. */
    Map<String, Long> toMap() {
        Map<String, Long> values = new LinkedHashMap<>();
        values.put("VmPTE", vmPteKb);
        values.put("VmRSS", vmRssKb);
        values.put("VmSize", vmSizeKb);
        values.put("RssAnon", rssAnonKb);
        values.put("RssFile", rssFileKb);
        values.put("RssShmem", rssShmemKb);
        values.put("VmSwap", vmSwapKb);
        values.put("THP_enabled", thpEnabled ? 1L : 0L);
        return values;
    }

    static SnapshotStatus ofMap(Map<String, Long> values) {
        return new SnapshotStatus(required(values, "VmPTE"), required(values, "VmRSS"), required(values, "VmSize"),
                required(values, "RssAnon"), required(values, "RssFile"), required(values, "RssShmem"),
                required(values, "VmSwap"), required(values, "THP_enabled") != 0);
    }

    private static long required(Map<String, Long> values, String key) {
        Long value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("status has no " + key);
        }
        return value;
    }
}
