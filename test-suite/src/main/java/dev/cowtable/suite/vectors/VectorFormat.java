package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;
import java.util.Locale;

/** Writes lines of the text form; keys in the format's order, those that are 0 and decide little left out. */
public final class VectorFormat {
    private final int topLevel;

    public VectorFormat(CpuModel model) {
        topLevel = VectorInput.topLevel(model);
    }

    /** The line that names the CPU. */
    public static String cpuLine(CpuModel model) {
        return "cpu vendor=" + model.vendor().name().toLowerCase(Locale.ROOT) + " maxphyaddr=" + model.maxPhyAddr()
                + " gb1=" + bit(model.gigabytePages()) + " la57=" + bit(model.la57());
    }

    public String line(RecordedVector vector) {
        StringBuilder out = new StringBuilder();
        append(out, vector);
        return out.toString();
    }

    /** Appends the line without its end. */
    public void append(StringBuilder out, RecordedVector vector) {
        VectorInput input = vector.input();
        VectorResult result = vector.result();
        out.append(input.number()).append(" cpl=").append(input.cpl());
        appendControls(out, input);
        out.append(" access=").append(input.access().key()).append(" size=").append(input.sizeBytes());
        appendHex(out, " va=", input.va());
        appendEntries(out, input.entries(), Math.min(result.lowestLevel(), lowestUsed(input)));
        out.append(" => ").append(result.kind().key());
        switch (result.kind()) {
            case OK -> appendHex(out, " pa=", result.value());
            case PF -> {
                appendHex(out, " ec=", Integer.toUnsignedLong(result.errorCode()));
                appendHex(out, " cr2=", result.value());
            }
            case GP -> {
                return;
            }
        }
        appendEntries(out, result.entries(), result.lowestLevel());
    }

    private static void appendControls(StringBuilder out, VectorInput input) {
        out.append(" wp=").append(bit(input.wp())).append(" nxe=").append(bit(input.nxe()));
        appendIfSet(out, " smep=", bit(input.smep()));
        appendIfSet(out, " smap=", bit(input.smap()));
        appendIfSet(out, " ac=", bit(input.ac()));
        appendIfSet(out, " pke=", bit(input.pke()));
        appendIfSet(out, " pkru=", Integer.toUnsignedLong(input.pkru()));
        appendIfSet(out, " pks=", bit(input.pks()));
        appendIfSet(out, " pkrs=", Integer.toUnsignedLong(input.pkrs()));
    }

    private void appendEntries(StringBuilder out, long[] entries, int lowestLevel) {
        for (int level = topLevel; level >= lowestLevel; level--) {
            out.append(" l").append(level);
            appendHex(out, "=", entries[level]);
        }
    }

    private static int lowestUsed(VectorInput input) {
        int level = 1;
        while (level <= VectorInput.LEVELS && input.entry(level) == 0) {
            level++;
        }
        return level;
    }

    private static void appendIfSet(StringBuilder out, String key, long value) {
        if (value != 0) {
            appendHex(out, key, value);
        }
    }

    private static void appendHex(StringBuilder out, String key, long value) {
        out.append(key);
        int digits = Math.max(1, (Long.SIZE + 3 - Long.numberOfLeadingZeros(value)) / 4);
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            out.append(Character.forDigit((int) (value >>> shift) & 0xf, 16));
        }
    }

    private static int bit(boolean set) {
        return set ? 1 : 0;
    }
}
