package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.suite.hardware.HardwareTest;
import java.util.List;
import java.util.stream.Stream;

/** The tests by name. */
public final class HardwareTests {
    private static final List<HardwareTest> ALL = Stream
            .of(StoreBuffers.all(), BufferedEntries.all(), OwnInvalidation.all(),
                    Shootdowns.all(), FrameReuse.all(), DirtyFlags.all(), ClearedFlags.all(), Contexts.all(),
                    Broadcasts.all(), Remaps.all())
            .flatMap(List::stream).toList();

    private HardwareTests() {
    }

    public static List<HardwareTest> all() {
        return ALL;
    }

    /**
     * Finds a test among some.
     *
     * @throws IllegalArgumentException with one sentence if there is none of this name
     */
    public static HardwareTest named(List<HardwareTest> tests, String name) {
        return tests.stream().filter(test -> test.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("no hardware test is named '" + name + "'; --list names them"));
    }
}
