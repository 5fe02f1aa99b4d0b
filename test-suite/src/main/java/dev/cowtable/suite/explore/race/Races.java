package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.suite.explore.Race;
import java.util.List;

/** The races by name. */
public final class Races {
    private static final List<Race> ALL = List.of(
            new ForkVsGupFastPin("fork-gup-pin", FollFlags.PIN | FollFlags.WRITE),
            new ForkVsGupFastPin("fork-gup-pin-ro", FollFlags.PIN | FollFlags.LONGTERM),
            new BreakVsStalePde(),
            new TwoWriteFaults(),
            new TwoBreaks(),
            new BreakVsBreak(),
            new BreakVsDetach(),
            new BreakVsExit(),
            new ForkVsNeighbourFault());

    private Races() {
    }

    public static List<Race> all() {
        return ALL;
    }

    /**
     * Finds a race.
     *
     * @throws IllegalArgumentException with one sentence if there is none of this name
     */
    public static Race named(String name) {
        return ALL.stream().filter(race -> race.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("no race is named '" + name + "'; there are "
                        + ALL.stream().map(Race::name).toList()));
    }
}
