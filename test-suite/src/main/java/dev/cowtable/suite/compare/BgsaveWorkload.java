package dev.cowtable.suite.compare;

/**
 * A server saves its data set: one child reads every readable page in address order while the parent goes on serving
 * writes.
 *
 * <p>The parent makes F x (writable anonymous pages) writes, evenly spread over the child's run, each to a page drawn
 * by Zipf's law (exponent 0.99) over ranks that the seed scatters over the address space.
 */
final class BgsaveWorkload implements Workload {
    static final String HELP = "  bgsave   one child reads every page in address order; meanwhile the%n"
            + "           parent makes F x (writable pages) writes, Zipf-distributed%n"
            + "           over hot pages that lie scattered (F: 0.1)";
    private static final int MAX_CHUNK = 128;

    @Override
    public String name() {
        return "bgsave";
    }

    @Override
    public double defaultWriteFraction() {
        return 0.1;
    }

    @Override
    public void run(Stage stage) {
        EmulatedProcess child = stage.fork();
        int[] pages = stage.readable();
        int nrWrites = stage.nrWrites();
        int written = 0;
        int chunk = Math.clamp(pages.length / 64, 1, MAX_CHUNK);
        for (int at = 0; at < pages.length; at += chunk) {
            int end = Math.min(at + chunk, pages.length);
            for (int i = at; i < end; i++) {
                child.read(pages[i]);
            }
            for (long due = (long) nrWrites * end / pages.length; written < due; written++) {
                stage.parentWritesHotPage();
            }
            stage.progress(end, pages.length);
        }
    }
}
