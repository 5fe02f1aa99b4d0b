package dev.cowtable.suite.compare;

/**
 * A shell or a build tool starts programs: eight children in turn, each of which exits at once, as one that calls exec
 * does.
 */
final class SpawnWorkload implements Workload {
    static final String HELP = "  spawn    8 children in turn, each exits at once";
    private static final int CHILDREN = 8;

    @Override
    public String name() {
        return "spawn";
    }

    @Override
    public void run(Stage stage) {
        for (int i = 0; i < CHILDREN; i++) {
            EmulatedProcess child = stage.fork();
            if (i == 0) {
                stage.check("with the first child alive");
            }
            stage.exit(child);
            stage.progress(i + 1, CHILDREN);
        }
    }
}
