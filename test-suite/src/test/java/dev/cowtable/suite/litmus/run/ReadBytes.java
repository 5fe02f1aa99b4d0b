package dev.cowtable.suite.litmus.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a program sees of a scenario: the bytes that its reads give, and whether its calls succeed.
 *
 * <p>Why: a design that counts pages otherwise than Linux prints other counts and other numbers of faults, and must give the same bytes.
 */
final class ReadBytes {
    private static final Pattern LINE = Pattern.compile("(?m)^(\\d+)\\| (.*?) => (.*?)(?: min=\\d+ maj=\\d+)?$");
    private static final Set<String> READS = Set.of("read", "readrange", "readpipe", "memread", "pvmread", "odread");

    private ReadBytes() {}

    /** Reads of {@code got} that are not as in {@code expected}, up to a refused operation. */
    static List<String> wrong(String expected, String got) {
        return differences(expected, got, true);
    }

    /** As {@link #wrong}, for all operations. */
    static List<String> otherResults(String expected, String got) {
        return differences(expected, got, false);
    }

    private static List<String> differences(String expected, String got, boolean readsOnly) {
        Map<String, String> results = new HashMap<>();
        for (Matcher line = LINE.matcher(expected); line.find();) {
            results.put(line.group(1), line.group(3));
        }
        List<String> differences = new ArrayList<>();
        for (Matcher line = LINE.matcher(got); line.find() && !line.group(3).startsWith("UNSUPPORTED");) {
            String want = results.get(line.group(1));
            if ((!readsOnly || isRead(line.group(2))) && !line.group(3).equals(want)) {
                differences.add(line.group(1) + "| " + line.group(2) + ": " + line.group(3) + ", not " + want);
            }
        }
        return differences;
    }

    /**
     * What was printed up to a refused operation, without what such a design counts otherwise: mappings, PageAnonExclusive, tables, shares
     * of memory, faults.
     */
    static String withoutCounts(String text) {
        int refused = text.indexOf(" => UNSUPPORTED");
        String supported = refused < 0 ? text : text.substring(0, text.lastIndexOf('\n', refused) + 1);
        return supported.replaceAll(" min=\\d+ maj=\\d+|vmpte=\\S+| mc=\\d+ x=\\d|\\|AE", "")
                .replaceAll("(rss|[a-z]*pss|anon|shared|private|locked|lazyfree|swap)=\\d+", "$1");
    }

    private static boolean isRead(String op) {
        String[] words = op.split(" ", -1);
        return words.length > 1 && READS.contains(words[1]);
    }
}
