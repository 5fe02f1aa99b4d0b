package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import org.jspecify.annotations.Nullable;

/** Runs recorded vectors on this emulator and compares. */
public final class VectorChecker {
    private @Nullable EmulatorOracle emulator;

    /**
     * The first field in which the emulator differs.
     *
     * @param field {@code result}, {@code pa}, {@code ec}, {@code cr2} or {@code l5} to {@code l1}
     * @param expected as recorded; {@code -} of an entry that the walk did not meet
     */
    public record Difference(String field, String expected, String got) {
        /** {@code field expected got}. */
        @Override
        public String toString() {
            return field + " " + expected + " " + got;
        }
    }

    /** Null if the emulator does what was recorded. */
    public @Nullable Difference check(RecordedVector vector, CpuModel model) {
        return compare(vector.result(), emulator(model).outcome(vector.input()));
    }

    /** The first field that differs, A of the entries above a failing one aside; null if none does. */
    public static @Nullable Difference compare(VectorResult expected, VectorResult got) {
        if (expected.kind() != got.kind()) {
            return new Difference("result", expected.kind().key(), got.kind().key());
        }
        return switch (expected.kind()) {
            case GP -> null;
            case OK -> firstOf(difference("pa", expected.value(), got.value()), entries(expected, got));
            case PF -> firstOf(firstOf(errorCode(expected, got),
                    difference("cr2", expected.value(), got.value())), entries(expected, got));
        };
    }

    private static @Nullable Difference entries(VectorResult expected, VectorResult got) {
        for (int level = VectorInput.LEVELS; level >= 1; level--) {
            boolean met = level >= expected.lowestLevel();
            if (met != level >= got.lowestLevel()) {
                return new Difference("l" + level, met ? hex(expected.entries()[level]) : "-",
                        met ? "-" : hex(got.entries()[level]));
            }
            boolean open = expected.kind() == VectorResult.Kind.PF && level > expected.lowestLevel();
            long compared = open ? ~Entry.A : -1;
            if (met && ((expected.entries()[level] ^ got.entries()[level]) & compared) != 0) {
                return new Difference("l" + level, hex(expected.entries()[level]), hex(got.entries()[level]));
            }
        }
        return null;
    }

    private static @Nullable Difference errorCode(VectorResult expected, VectorResult got) {
        return difference("ec", Integer.toUnsignedLong(expected.errorCode()), Integer.toUnsignedLong(got.errorCode()));
    }

    private static @Nullable Difference difference(String field, long expected, long got) {
        return expected == got ? null : new Difference(field, hex(expected), hex(got));
    }

    private static @Nullable Difference firstOf(@Nullable Difference one, @Nullable Difference other) {
        return one == null ? other : one;
    }

    private static String hex(long value) {
        return Long.toHexString(value);
    }

    private EmulatorOracle emulator(CpuModel model) {
        EmulatorOracle current = emulator;
        if (current == null || !current.scope().model().equals(model)) {
            current = new EmulatorOracle(model);
            emulator = current;
        }
        return current;
    }
}
