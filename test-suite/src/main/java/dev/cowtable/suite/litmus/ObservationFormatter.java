package dev.cowtable.suite.litmus;

/**
 * Prints blocks of {@code observe}: a header per process, then a line per page or, in areas of more than
 * {@link #MAX_PLAIN_PAGES} pages, per run of pages that print alike.
 *
 * <p>The pages of a run agree in everything but the number; their numbers are either consecutive
 * ({@code #a..#b}) or all the same.
 */
public final class ObservationFormatter {
    /** Longest area that is printed page by page. */
    public static final long MAX_PLAIN_PAGES = 64;

    private static final PageView.Flag[] FLAGS = PageView.Flag.values();

    private final StringBuilder out;

    /** Appends to {@code out}. */
    public ObservationFormatter(StringBuilder out) {
        this.out = out;
    }

    /** Gives the view of any page of one area in one process. */
    @FunctionalInterface
    public interface Pages {
        PageView at(long page);
    }

    /** The line of a process that has ended. */
    public void dead(int proc) {
        start(proc).append("dead\n");
    }

    /** The header of a live process; {@code vmpteKib} may be negative. */
    public void process(int proc, long vmpteKib, long lockedKib, long pinnedKib) {
        start(proc).append("vmpte=").append(vmpteKib < 0 ? "" : "+").append(vmpteKib).append("kB");
        kib(" lck=", lockedKib);
        kib(" pin=", pinnedKib);
        out.append('\n');
    }

    private void kib(String key, long kib) {
        if (kib != 0) {
            out.append(key).append(kib).append("kB");
        }
    }

    /** All pages of {@code area}. */
    public void area(int proc, Area area, Pages pages) {
        range(proc, area.whole(), pages);
    }

    /** The pages of {@code range}; one line {@code A novma} when its whole area has no VMA left. */
    public void range(int proc, PageRange range, Pages pages) {
        Area area = range.area();
        if (withoutVma(area, pages)) {
            start(proc).append(area.name()).append(" novma\n");
            return;
        }
        boolean joining = area.pages() > MAX_PLAIN_PAGES;
        Run run = new Run(range.first(), pages.at(range.first()));
        for (long page = range.first() + 1; page < range.end(); page++) {
            PageView view = pages.at(page);
            if (!joining || !run.extend(view)) {
                line(proc, area, run);
                run = new Run(page, view);
            }
        }
        line(proc, area, run);
    }

    private static boolean withoutVma(Area area, Pages pages) {
        for (long page = 0; page < area.pages(); page++) {
            if (pages.at(page).kind() != PageView.Kind.NOVMA) {
                return false;
            }
        }
        return true;
    }

    private void line(int proc, Area area, Run run) {
        start(proc).append(area.name());
        if (run.length == 1) {
            out.append('+').append(run.first);
        } else {
            out.append('[').append(run.first).append("..").append(run.first + run.length).append(')');
        }
        out.append(' ');
        body(run);
        out.append('\n');
    }

    private void body(Run run) {
        PageView view = run.head;
        switch (view.kind()) {
            case NONE -> out.append("none");
            case NOVMA -> out.append("novma");
            case GUARD -> out.append("guard");
            case MARKER -> out.append("marker type=31 wp");
            case PRESENT -> present(run);
            case ZERO -> tail(out.append("present pfn=Z"), view);
            case SWAP -> {
                numbers(out.append("swap slot="), 's', run);
                out.append(view.wp() ? " wp" : "");
            }
        }
    }

    private void present(Run run) {
        numbers(out.append("present pfn="), '#', run);
        out.append(" mc=").append(run.head.mapcount()).append(run.head.sole() ? " x=1" : " x=0");
        tail(out, run.head);
    }

    private static void tail(StringBuilder out, PageView view) {
        out.append(view.file() ? " file" : "").append(view.wp() ? " wp" : "").append(" k=");
        String separator = "";
        for (PageView.Flag flag : FLAGS) {
            if ((view.flags() & flag.bit()) != 0) {
                out.append(separator).append(flag);
                separator = "|";
            }
        }
    }

    private static void numbers(StringBuilder out, char sign, Run run) {
        out.append(sign).append(run.head.number());
        if (run.step == 1) {
            out.append("..").append(sign).append(run.head.number() + run.length - 1);
        }
    }

    private StringBuilder start(int proc) {
        return out.append("  P").append(proc).append(' ');
    }

    /** Pages from {@code first} on that print as one line. */
    private static final class Run {
        final long first;
        final PageView head;
        long length = 1;
        /** Distance between neighbours' numbers, 0 or 1; chosen by the second page. */
        long step;

        Run(long first, PageView head) {
            this.first = first;
            this.head = head;
        }

        boolean extend(PageView view) {
            if (!head.sameButNumber(view)) {
                return false;
            }
            long distance = view.number() - head.number();
            if (length == 1 && distance == 1) {
                step = 1;
            }
            if (distance != step * length) {
                return false;
            }
            length++;
            return true;
        }
    }
}
