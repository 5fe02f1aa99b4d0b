package dev.cowtable.mm.check;

import java.util.ArrayList;
import java.util.List;

/** Collects violations, the first of them at least. */
final class Violations {
    private static final int LIMIT = 40;

    private final List<String> found = new ArrayList<>();

    void add(String sentence) {
        if (found.size() < LIMIT) {
            found.add(sentence);
        }
    }

    void require(boolean holds, String sentence) {
        if (!holds) {
            add(sentence);
        }
    }

    List<String> list() {
        return List.copyOf(found);
    }
}
