package dev.cowtable.suite.litmus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the lines of one printed block back into views; shares no code with the formatter. */
final class BlockReader {
    private static final Pattern PAGES =
            Pattern.compile("P(\\d+) (\\w+?)(?:\\+(\\d+)|\\[(\\d+)\\.\\.(\\d+)\\))? (.*)");
    private static final Pattern PRESENT = Pattern.compile(
            "present pfn=(?:#(\\d+)(\\.\\.#\\d+)? mc=(\\d+) x=([01])|Z)( file)?( wp)? k=(\\S+)");
    private static final Pattern VMA = Pattern.compile(
            "P(\\d+) vma (\\w+)\\+(\\d+)\\.\\.(\\w+)\\+(\\d+) (....)((?: [a-z]{2})*)((?: \\w+=\\d+)*)");

    private final List<Area> areas;
    private final StringBuilder out = new StringBuilder();
    private final ObservationFormatter formatter = new ObservationFormatter(out);

    BlockReader(List<Area> areas) {
        this.areas = areas;
    }

    /** Reads and prints again. */
    String reprint(List<String> lines) {
        int i = 0;
        while (i < lines.size()) {
            String line = lines.get(i).strip();
            if (line.contains(" vma ")) {
                vma(line);
                i++;
            } else if (line.endsWith(" dead")) {
                formatter.dead(Integer.parseInt(line.substring(1, line.indexOf(' '))));
                i++;
            } else {
                i = process(lines, i);
            }
        }
        return out.toString();
    }

    /** The views of all pages of {@code area} in page lines of one process. */
    List<PageView> views(List<String> lines, Area area) {
        Map<String, PageView[]> seen = new LinkedHashMap<>();
        lines.forEach(line -> pages(line.strip(), seen));
        return List.of(Objects.requireNonNull(seen.get(area.name())));
    }

    private int process(List<String> lines, int start) {
        String header = lines.get(start).strip();
        int proc = Integer.parseInt(header.substring(1, header.indexOf(' ')));
        formatter.process(proc, kib(header, "vmpte"), kib(header, "lck"), kib(header, "pin"));
        Map<String, PageView[]> seen = new LinkedHashMap<>();
        int i = start + 1;
        for (; i < lines.size() && !lines.get(i).matches("  P\\d+ (vmpte=.*|dead)"); i++) {
            pages(lines.get(i).strip(), seen);
        }
        for (Area area : areas) {
            PageView[] views = seen.remove(area.name());
            formatter.area(proc, area, page -> Objects.requireNonNull(Objects.requireNonNull(views)[(int) page]));
        }
        if (!seen.isEmpty()) {
            throw new AssertionError("areas unknown to the parser: " + seen.keySet());
        }
        return i;
    }

    private static long kib(String header, String key) {
        Matcher matcher = Pattern.compile(" " + key + "=([+-]?\\d+)kB").matcher(header);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    private void pages(String line, Map<String, PageView[]> seen) {
        Matcher matcher = PAGES.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError("unreadable line " + line);
        }
        Area area = areas.stream().filter(a -> a.name().equals(matcher.group(2))).findFirst().orElseThrow();
        PageView[] views = seen.computeIfAbsent(area.name(), name -> new PageView[(int) area.pages()]);
        int first = number(matcher.group(3), number(matcher.group(4), 0));
        int end = number(matcher.group(5), matcher.group(3) == null ? (int) area.pages() : first + 1);
        for (int page = first; page < end; page++) {
            views[page] = view(matcher.group(6), page - first);
        }
    }

    private static int number(@Nullable String text, int otherwise) {
        return text == null ? otherwise : Integer.parseInt(text);
    }

    private static PageView view(String body, int offset) {
        Matcher present = PRESENT.matcher(body);
        if (present.matches()) {
            return present(present, offset);
        }
        if (body.startsWith("swap slot=s")) {
            return PageView.swap(Long.parseLong(body.substring(11).split(" ", -1)[0]) + offset, body.endsWith(" wp"));
        }
        return switch (body) {
            case "none" -> PageView.none();
            case "novma" -> PageView.novma();
            case "guard" -> PageView.guard();
            case "marker type=31 wp" -> PageView.marker();
            default -> throw new AssertionError("unreadable page " + body);
        };
    }

    private static PageView present(Matcher matcher, int offset) {
        int flags = 0;
        for (String flag : matcher.group(7).split("\\|", -1)) {
            flags |= PageView.Flag.valueOf(flag).bit();
        }
        boolean file = matcher.group(5) != null;
        boolean wp = matcher.group(6) != null;
        if (matcher.group(1) == null) {
            return PageView.zero(file, wp, flags);
        }
        long frame = Long.parseLong(matcher.group(1)) + (matcher.group(2) == null ? 0 : offset);
        return PageView.present(frame, Integer.parseInt(matcher.group(3)), matcher.group(4).equals("1"), file, wp,
                flags);
    }

    private void vma(String line) {
        Matcher matcher = VMA.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError("unreadable line " + line);
        }
        int flags = 0;
        for (VmaView.Flag flag : VmaView.Flag.values()) {
            flags |= matcher.group(7).contains(" " + flag.word()) ? flag.bit() : 0;
        }
        String rights = matcher.group(6);
        VmaView view = new VmaView(vaddr(matcher.group(2), matcher.group(3)), vaddr(matcher.group(4), matcher.group(5)),
                rights.charAt(0) == 'r', rights.charAt(1) == 'w', rights.charAt(2) == 'x', rights.charAt(3) == 's',
                flags);
        String figures = matcher.group(8).strip();
        view.appendTo(out, Integer.parseInt(matcher.group(1)), areas, figures.isEmpty() ? null : smaps(figures));
    }

    private long vaddr(String area, String page) {
        return areas.stream().filter(a -> a.name().equals(area)).findFirst().orElseThrow()
                .pageVaddr(Long.parseLong(page));
    }

    private static VmaView.Smaps smaps(String figures) {
        List<Long> kib = new ArrayList<>();
        for (String figure : figures.split(" ", -1)) {
            kib.add(Long.parseLong(figure.substring(figure.indexOf('=') + 1)));
        }
        return new VmaView.Smaps(kib.get(0), kib.get(1), kib.get(2), kib.get(3), kib.get(4), kib.get(5), kib.get(6),
                kib.get(7), kib.get(8), kib.get(9), kib.get(10));
    }
}
