package dev.cowtable.suite.vectors;

import java.util.Locale;

/**
 * What an access did.
 *
 * @param value of OK the physical address, of PF the value of CR2, of GP 0
 * @param errorCode of PF, else 0
 * @param lowestLevel of the entries that the walk met; above the top level: none was met (GP)
 * @param entries index: level; as left, meaningful from {@code lowestLevel} up
 */
@SuppressWarnings("ArrayRecordComponent")
public record VectorResult(Kind kind, long value, int errorCode, int lowestLevel, long[] entries) {
    /** The three results. */
    public enum Kind {
        OK,
        PF,
        GP;

        /** As in the text form. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The #GP of a linear address that is not canonical: no entry is met. */
    public static VectorResult generalProtection(int topLevel) {
        return new VectorResult(Kind.GP, 0, 0, topLevel + 1, new long[VectorInput.LEVELS + 1]);
    }
}
