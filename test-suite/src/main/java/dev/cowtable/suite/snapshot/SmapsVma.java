package dev.cowtable.suite.snapshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One VMA as smaps prints it. */
record SmapsVma(long startVaddr, long endVaddr, String perms, long offsetBytes, String path, Map<String, Long> valuesKb,
        String vmFlags) {

    private static final long VADDR_USER_END = 1L << 56;

    /** A figure in kB, 0 where this kernel does not print it. */
    long kb(String key) {
        return valuesKb.getOrDefault(key, 0L);
    }

    long nrPages() {
        return (endVaddr - startVaddr) >>> SnapshotVma.PAGE_SHIFT;
    }

    /** False for vsyscall, which lies outside what pagemap shows. */
    boolean isUserRange() {
        return Long.compareUnsigned(endVaddr, VADDR_USER_END) <= 0;
    }

    /** A reservation that holds nothing; reading its pagemap would only take time. */
    boolean isEmptyReservation() {
        return perms.startsWith("---") && kb("Rss") == 0 && kb("Swap") == 0;
    }

    boolean hasFlag(String code) {
        return vmFlags.contains(code);
    }

    boolean sameRange(SmapsVma other) {
        return startVaddr == other.startVaddr && endVaddr == other.endVaddr && perms.equals(other.perms);
    }

    static List<SmapsVma> parse(List<String> lines) {
        List<SmapsVma> vmas = new ArrayList<>();
        for (int i = 0; i < lines.size();) {
            int end = i + 1;
            while (end < lines.size() && !isHeader(lines.get(end))) {
                end++;
            }
            vmas.add(parseOne(lines.get(i), lines.subList(i + 1, end)));
            i = end;
        }
        return vmas;
    }

    private static boolean isHeader(String line) {
        char first = line.isEmpty() ? ' ' : line.charAt(0);
        return (first >= '0' && first <= '9') || (first >= 'a' && first <= 'f');
    }

    private static SmapsVma parseOne(String header, List<String> body) {
        String[] fields = header.split(" +", 6);
        int dash = fields[0].indexOf('-');
        Map<String, Long> valuesKb = new HashMap<>();
        String flags = "";
        for (String line : body) {
            int colon = line.indexOf(':');
            if (line.startsWith("VmFlags:")) {
                flags = line.substring(colon + 1).trim().replace(' ', ',');
            } else if (colon > 0 && line.endsWith(" kB")) {
                String number = line.substring(colon + 1, line.length() - 3).trim();
                valuesKb.put(line.substring(0, colon), Long.parseLong(number));
            }
        }
        return new SmapsVma(Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
                Long.parseUnsignedLong(fields[0].substring(dash + 1), 16), fields[1],
                Long.parseUnsignedLong(fields[2], 16), fields.length > 5 ? fields[5] : "", valuesKb, flags);
    }
}
