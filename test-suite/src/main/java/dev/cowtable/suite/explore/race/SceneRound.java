package dev.cowtable.suite.explore.race;

import dev.cowtable.suite.explore.Body;
import dev.cowtable.suite.explore.Round;
import java.util.List;

/** A round that holds nothing, ends with some more accesses, and reports what its scene took down. */
record SceneRound(Scene scene, Runnable ending, List<Body> bodies) implements Round {
    SceneRound(Scene scene, Runnable ending, Body... bodies) {
        this(scene, ending, List.of(bodies));
    }

    @Override
    public List<String> verdict() {
        ending.run();
        return scene.wrong();
    }
}
