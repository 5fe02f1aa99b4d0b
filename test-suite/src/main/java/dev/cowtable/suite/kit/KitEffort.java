package dev.cowtable.suite.kit;

/**
 * How much is tried. The same effort tries the same things each time.
 *
 * @param seed of the first random program and schedule
 * @param programs random programs of each kind
 * @param schedules of each race
 */
public record KitEffort(long seed, int programs, int schedules) {
    /** Half a minute on a small machine. */
    public static final KitEffort DEFAULT = new KitEffort(1, 100, 300);
    /** A few seconds. */
    public static final KitEffort QUICK = new KitEffort(1, 15, 40);
}
