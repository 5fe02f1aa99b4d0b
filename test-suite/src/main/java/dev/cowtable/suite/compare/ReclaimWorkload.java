package dev.cowtable.suite.compare;

/**
 * Memory is short: four children live beside the parent, and the pages that nobody has used for longest are swapped out.
 *
 * <p>A tenth of all anonymous pages goes to a zram area, oldest first, used recently or not; which are old has nothing to do with their
 * addresses. The processes make no access meanwhile. Then each reads pages anywhere, some of which come back.
 */
final class ReclaimWorkload implements Workload {
    static final String HELP = "  reclaim  4 children live beside the parent; a tenth of the pages,%n"
            + "           scattered, is swapped out; then each process reads 1,000 pages";
    static final String NOMEM_HELP = "  reclaim-nomem%n"
            + "           as reclaim, but each allocation of a page fails meanwhile";
    private static final int CHILDREN = 4;
    private static final double FRACTION = 0.1;
    private static final int READS = 1000;

    private final String name;
    private final boolean withMemory;

    private ReclaimWorkload(String name, boolean withMemory) {
        this.name = name;
        this.withMemory = withMemory;
    }

    static ReclaimWorkload withMemory() {
        return new ReclaimWorkload("reclaim", true);
    }

    static ReclaimWorkload withoutMemory() {
        return new ReclaimWorkload("reclaim-nomem", false);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void run(Stage stage) {
        Pressure pressure = new Pressure(stage.lab());
        pressure.begin(stage.random());
        EmulatedProcess[] children = new EmulatedProcess[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            children[i] = stage.fork();
        }
        long wanted = Math.round(FRACTION * pressure.pages());
        if (!withMemory) {
            stage.lab().kernel().failures().failAllAfter(0);
        }
        pressure.reclaim(wanted, stage::progress);
        stage.lab().kernel().failures().off();
        stage.check("after the reclaim");
        for (int i = 0; i < READS; i++) {
            stage.parentReadsAnyPage();
            for (EmulatedProcess child : children) {
                stage.readAnyPage(child);
            }
        }
    }
}
