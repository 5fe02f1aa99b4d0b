package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.Round;
import java.util.function.Function;

/** A race as a row of a table: what runs against what, and how it begins. */
record SceneRace(String name, String description, int cpus, Function<Kernel, Round> setup) implements Race {
    @Override
    public Round begin(Kernel kernel) {
        return setup.apply(kernel);
    }
}
