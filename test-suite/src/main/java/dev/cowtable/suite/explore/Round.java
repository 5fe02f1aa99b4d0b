package dev.cowtable.suite.explore;

import dev.cowtable.mm.check.HeldReferences;
import java.util.List;

/** One run of a race on one kernel. */
public interface Round {
    /** What each CPU does, by number. */
    List<Body> bodies();

    /** References that are held when all bodies have ended, for the invariants. */
    default HeldReferences held() {
        return HeldReferences.NONE;
    }

    /** What is wrong, one sentence each. Called at rest; gives back what is held. */
    List<String> verdict();
}
