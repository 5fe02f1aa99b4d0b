package dev.cowtable.suite.compare;

import java.util.List;

/** The workloads by name. */
public final class Workloads {
    public static final String BGSAVE_HELP = BgsaveWorkload.HELP;
    public static final String SPAWN_HELP = SpawnWorkload.HELP;
    public static final String FUZZ_HELP = FuzzWorkload.HELP;
    public static final String PREFORK_HELP = SiblingsWorkload.PREFORK_HELP;
    public static final String ZYGOTE_HELP = SiblingsWorkload.ZYGOTE_HELP;

    public static final String RECLAIM_HELP = ReclaimWorkload.HELP;
    public static final String RECLAIM_NOMEM_HELP = ReclaimWorkload.NOMEM_HELP;

    private Workloads() {
    }

    public static List<Workload> all() {
        return List.of(new BgsaveWorkload(), new SpawnWorkload(), new FuzzWorkload(), SiblingsWorkload.prefork(),
                SiblingsWorkload.zygote(), ReclaimWorkload.withMemory(), ReclaimWorkload.withoutMemory());
    }

    /**
     * Finds a workload.
     *
     * @throws IllegalArgumentException with one sentence if there is none of that name
     */
    public static Workload named(String name) {
        return all().stream().filter(w -> w.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("no workload is named '" + name + "'; there are "
                        + all().stream().map(Workload::name).toList()));
    }
}
