package dev.cowtable.suite.litmus;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One VMA as {@code vmas} and {@code smaps} print it.
 *
 * @param vaddr first address
 * @param endVaddr first address after it
 * @param flags bits of {@link Flag}
 */
public record VmaView(long vaddr, long endVaddr, boolean readable, boolean writable, boolean executable,
        boolean shared, int flags) {

    /** The VmFlags that are printed, in printed order. */
    public enum Flag {
        SH("sh"), GD("gd"), UM("um"), GU("gu"), UW("uw"), LO("lo"), DC("dc"), LF("lf"), AC("ac"), NR("nr"), WF("wf"),
        HG("hg"), NH("nh"), MG("mg"), UI("ui");

        private static final Flag[] ALL = values();

        private final String word;
        private final int bit = 1 << ordinal();

        Flag(String word) {
            this.word = word;
        }

        /** The flag's bit in {@link VmaView#flags()}. */
        public int bit() {
            return bit;
        }

        /** The two letters of VmFlags. */
        public String word() {
            return word;
        }
    }

    /** The figures of {@code smaps} in kB; shared and private count clean and dirty pages together. */
    public record Smaps(long rss, long pss, long anon, long thp, long lazyfree, long ksm, long swap, long swappss,
            long locked, long shared, long priv) {
        private void appendTo(StringBuilder out) {
            out.append(" rss=").append(rss).append(" pss=").append(pss).append(" anon=").append(anon)
                    .append(" thp=").append(thp).append(" lazyfree=").append(lazyfree).append(" ksm=").append(ksm)
                    .append(" swap=").append(swap).append(" swappss=").append(swappss).append(" locked=")
                    .append(locked).append(" shared=").append(shared).append(" private=").append(priv);
        }
    }

    /**
     * Appends the VMA's line, both ends named by the areas of its first and last page.
     *
     * @param areas the areas so far; the first that holds an address names it
     * @param smaps null for {@code vmas}
     */
    public void appendTo(StringBuilder out, int proc, List<Area> areas, @Nullable Smaps smaps) {
        out.append("  P").append(proc).append(" vma ").append(pageName(areas, vaddr, 0)).append("..")
                .append(pageName(areas, endVaddr - AreaLayout.PAGE_BYTES, 1)).append(' ');
        out.append(readable ? 'r' : '-').append(writable ? 'w' : '-').append(executable ? 'x' : '-')
                .append(shared ? 's' : 'p');
        for (Flag flag : Flag.ALL) {
            if ((flags & flag.bit) != 0) {
                out.append(' ').append(flag.word);
            }
        }
        if (smaps != null) {
            smaps.appendTo(out);
        }
        out.append('\n');
    }

    private static String pageName(List<Area> areas, long vaddr, int past) {
        for (Area area : areas) {
            if (area.contains(vaddr)) {
                return area.name() + "+" + (area.pageOf(vaddr) + past);
            }
        }
        return "0x" + Long.toHexString(vaddr + past * AreaLayout.PAGE_BYTES);
    }
}
