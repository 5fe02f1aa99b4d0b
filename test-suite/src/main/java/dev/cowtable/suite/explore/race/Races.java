package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.suite.explore.Race;
import java.util.List;

/** The races by name. */
public final class Races {
    private static final List<Race> ALL = List.of(
            new ForkVsGupFastPin("fork-gup-pin", FollFlags.PIN | FollFlags.WRITE),
            new ForkVsGupFastPin("fork-gup-pin-ro", FollFlags.PIN | FollFlags.LONGTERM),
            new SceneRace("break-stale-pde",
                    "a break by P against a thread of P with a cached PDE against a child that re-owns the table and writes",
                    3, BreakVsStalePde::begin),
            new SceneRace("two-write-faults",
                    "parent and child write one shared page against a thread of the parent that reads it", 3,
                    TwoWriteFaults::begin),
            new SceneRace("two-breaks",
                    "two threads of one process break the same shared table against a reader", 3, TwoBreaks::begin),
            new SceneRace("break-break",
                    "parent and child break the table that they share", 2, BreakVsBreak::begin),
            new SceneRace("break-detach",
                    "a break by the parent against the child's MADV_DONTNEED of the whole table, and a reader", 3,
                    BreakVsDetach::begin),
            new SceneRace("break-exit",
                    "a break by the parent against the exit of the child and a new process, and a reader of the parent",
                    3, BreakVsExit::begin),
            new SceneRace("fork-neighbour-fault",
                    "fork against write faults of two threads in neighbouring mappings of the same 2 MiB", 3,
                    ForkVsNeighbourFault::begin),
            new SceneRace("swap-again-file",
                    "a write fault on a swapped page against a reader and another pageout, asynchronous area", 3,
                    kernel -> SwapInVsPageout.again(kernel, SwapInfo.Kind.FILE)),
            new SceneRace("swap-again-zram",
                    "a write fault on a swapped page against a reader and another pageout, synchronous area", 3,
                    kernel -> SwapInVsPageout.again(kernel, SwapInfo.Kind.ZRAM)),
            new SceneRace("swap-shared-file",
                    "parent and child write the page of a common swap entry against a reader, asynchronous area", 3,
                    kernel -> SwapInVsPageout.shared(kernel, SwapInfo.Kind.FILE)),
            new SceneRace("swap-shared-zram",
                    "parent and child write the page of a common swap entry against a reader, synchronous area", 3,
                    kernel -> SwapInVsPageout.shared(kernel, SwapInfo.Kind.ZRAM)),
            new SceneRace("swap-slot-reused",
                    "a swap-in that has found its page against the slot's next page under the same entry", 2,
                    SwapInVsPageout::reused));

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
