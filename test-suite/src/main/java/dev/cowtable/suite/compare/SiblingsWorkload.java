package dev.cowtable.suite.compare;

/**
 * Children that live side by side, as those of a pre-forking server or of Android's zygote.
 *
 * <p>All are forked first. Then each reads every page with a probability, in address order, and makes F x (writable
 * pages) writes to Zipf-distributed hot pages, the same hot ones for all; the children take turns. They live until the
 * end of the workload.
 */
final class SiblingsWorkload implements Workload {
    static final String PREFORK_HELP = "  prefork  8 children live side by side; each reads 5 percent of all%n"
            + "           pages and makes F x (writable pages) writes,%n"
            + "           Zipf-distributed over the same scattered hot pages (F: 0.01)";
    static final String ZYGOTE_HELP = "  zygote   as prefork, with 4 children that read 50 percent (F: 0.02)";
    private static final int MAX_CHUNK = 1024;

    private final String name;
    private final int nrChildren;
    private final double readFraction;
    private final double writeFraction;

    private SiblingsWorkload(String name, int nrChildren, double readFraction, double writeFraction) {
        this.name = name;
        this.nrChildren = nrChildren;
        this.readFraction = readFraction;
        this.writeFraction = writeFraction;
    }

    static SiblingsWorkload prefork() {
        return new SiblingsWorkload("prefork", 8, 0.05, 0.01);
    }

    static SiblingsWorkload zygote() {
        return new SiblingsWorkload("zygote", 4, 0.5, 0.02);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double defaultWriteFraction() {
        return writeFraction;
    }

    @Override
    public void run(Stage stage) {
        EmulatedProcess[] children = new EmulatedProcess[nrChildren];
        for (int i = 0; i < nrChildren; i++) {
            children[i] = stage.fork();
        }
        int[] pages = stage.readable();
        int chunk = Math.clamp(pages.length / 64, 1, MAX_CHUNK);
        for (int at = 0; at < pages.length; at += chunk) {
            int end = Math.min(at + chunk, pages.length);
            for (EmulatedProcess child : children) {
                turn(stage, child, at, end);
            }
            stage.progress(end, pages.length);
        }
    }

    private void turn(Stage stage, EmulatedProcess child, int from, int to) {
        int[] pages = stage.readable();
        for (int i = from; i < to; i++) {
            if (stage.chance(readFraction)) {
                child.read(pages[i]);
            }
        }
        long nrWrites = stage.nrWrites();
        long writes = nrWrites * to / pages.length - nrWrites * from / pages.length;
        for (long k = 0; k < writes; k++) {
            stage.writeHotPage(child);
        }
    }
}
