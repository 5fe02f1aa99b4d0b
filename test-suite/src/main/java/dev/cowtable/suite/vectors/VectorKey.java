package dev.cowtable.suite.vectors;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A key of a line, in the order in which the keys are written. */
enum VectorKey {
    VENDOR(Part.CPU, 0), MAXPHYADDR(Part.CPU, 0), GB1(Part.CPU, 1), LA57(Part.CPU, 1),
    CPL(Part.INPUT, 0), WP(Part.INPUT, 1), NXE(Part.INPUT, 1), SMEP(Part.INPUT, 1), SMAP(Part.INPUT, 1),
    AC(Part.INPUT, 1), PKE(Part.INPUT, 1), PKRU(Part.INPUT, 32), PKS(Part.INPUT, 1), PKRS(Part.INPUT, 32),
    ACCESS(Part.INPUT, 0), SIZE(Part.INPUT, 0), VA(Part.INPUT, 64),
    PA(Part.OK, 64), EC(Part.PF, 32), CR2(Part.PF, 64),
    L5(Part.LEVEL, 64), L4(Part.LEVEL, 64), L3(Part.LEVEL, 64), L2(Part.LEVEL, 64), L1(Part.LEVEL, 64);

    /** Where a key belongs. */
    enum Part {
        CPU,
        INPUT,
        OK,
        PF,
        /** Before and, of an ok or pf, after. */
        LEVEL
    }

    private static final Map<String, VectorKey> BY_TEXT = byText();

    private final Part part;
    private final int bits;
    private final String text = name().toLowerCase(Locale.ROOT);

    VectorKey(Part part, int bits) {
        this.part = part;
        this.bits = bits;
    }

    static @Nullable VectorKey of(String text) {
        return BY_TEXT.get(text);
    }

    static VectorKey level(int level) {
        return values()[L1.ordinal() + 1 - level];
    }

    Part part() {
        return part;
    }

    /** Width of the value: 1 of a flag, 32 or 64 of a hexadecimal number, 0 of what has a form of its own. */
    int bits() {
        return bits;
    }

    /** As a line spells it. */
    String text() {
        return text;
    }

    private static Map<String, VectorKey> byText() {
        Map<String, VectorKey> found = new HashMap<>();
        for (VectorKey key : values()) {
            found.put(key.text, key);
        }
        return found;
    }
}
