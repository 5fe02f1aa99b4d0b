package dev.cowtable.suite.compare;

/**
 * A fuzzer's fork server: 200 children in turn, each reads 64 pages and writes 16, all drawn evenly, then exits.
 *
 * <p>Why: even draws spread the writes over as many tables as can be, the unfavourable case for shared tables.
 */
final class FuzzWorkload implements Workload {
    static final String HELP = "  fuzz     200 children in turn; each reads 64 pages and writes 16,%n"
            + "           drawn evenly, then exits";
    private static final int CHILDREN = 200;
    private static final int READS = 64;
    private static final int WRITES = 16;

    @Override
    public String name() {
        return "fuzz";
    }

    @Override
    public void run(Stage stage) {
        for (int i = 0; i < CHILDREN; i++) {
            EmulatedProcess child = stage.fork();
            for (int k = 0; k < READS; k++) {
                stage.readAnyPage(child);
                if (k % (READS / WRITES) == 0) {
                    stage.writeAnyPage(child);
                }
            }
            if (i == 0) {
                stage.check("with the first child alive");
            }
            stage.exit(child);
            stage.progress(i + 1, CHILDREN);
        }
    }
}
