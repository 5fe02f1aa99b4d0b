package dev.cowtable.suite.property;

import java.util.HashMap;
import java.util.Map;

/** The memory behind a shared anonymous mapping: one page an index, for all who map it. */
final class ModelObject {
    private final Map<Long, ModelFrame> frames = new HashMap<>();
    private final long pages;

    /** As long as the mapping that makes it; a mapping that grows later does not lengthen it. */
    ModelObject(long pages) {
        this.pages = pages;
    }

    /** Whether an access to that index is a bus error. */
    boolean endsBefore(long index) {
        return index >= pages;
    }

    ModelFrame frame(long index) {
        return frames.computeIfAbsent(index, _ -> new ModelFrame(0));
    }
}
