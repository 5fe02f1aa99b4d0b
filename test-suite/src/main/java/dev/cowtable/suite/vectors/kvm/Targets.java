package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorAccess;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What lies at the candidates of an access and tells them apart: for data a value per level, for a fetch an instruction
 * per level; everywhere else {@link GuestCode#WILD}.
 */
final class Targets {
    /** In RSI before a load, and so after one that did not happen. */
    static final long NOT_LOADED = 0x9796_9594_9392_9190L;
    static final long STORED = 0x5756_5554_5352_5150L;

    private static final long DATA = 0x0706_0504_0302_0100L;
    private static final long NEXT_LEVEL = 0x1010_1010_1010_1010L;
    private static final byte[] INSTRUCTIONS = {GuestCode.WILD, GuestCode.INVALID, GuestCode.POP, GuestCode.HLT};

    private final MemorySegment memory;

    Targets(MemorySegment memory) {
        this.memory = memory;
        memory.fill(GuestCode.WILD);
    }

    static byte instruction(int level) {
        return INSTRUCTIONS[level];
    }

    void mark(Placement placement, VectorAccess access, int sizeBytes) {
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (placement.candidate(level) != Placement.NONE) {
                long value = access == VectorAccess.X ? instruction(level) : data(level);
                write(placement.targetOffset(level), access == VectorAccess.X ? 1 : sizeBytes, value);
            }
        }
    }

    void clear(Placement placement, int sizeBytes) {
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (placement.candidate(level) != Placement.NONE) {
                memory.asSlice(placement.targetOffset(level), sizeBytes).fill(GuestCode.WILD);
            }
        }
    }

    /** The level at whose candidate the value lay, 0 if at none. */
    static int levelLoaded(Placement placement, long value, int sizeBytes) {
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (placement.candidate(level) != Placement.NONE && equal(value, data(level), sizeBytes)) {
                return level;
            }
        }
        return 0;
    }

    /** The level at whose candidate alone the stored value lies now, 0 if at none or at several. */
    int levelStored(Placement placement, int sizeBytes) {
        int found = 0;
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (placement.candidate(level) != Placement.NONE
                    && equal(read(placement, level, sizeBytes), STORED, sizeBytes)) {
                if (found != 0) {
                    return 0;
                }
                found = level;
            }
        }
        return found;
    }

    /** Whether no candidate's data changed, apart from the level's (0: of none). */
    boolean areUntouchedBut(int exceptLevel, Placement placement, int sizeBytes) {
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (level != exceptLevel && placement.candidate(level) != Placement.NONE
                    && !equal(read(placement, level, sizeBytes), data(level), sizeBytes)) {
                return false;
            }
        }
        return true;
    }

    private static long data(int level) {
        return DATA + level * NEXT_LEVEL;
    }

    private static boolean equal(long value, long other, int sizeBytes) {
        return (value ^ other) << 64 - 8 * sizeBytes == 0;
    }

    private void write(long at, int sizeBytes, long value) {
        for (int i = 0; i < sizeBytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, at + i, (byte) (value >>> 8 * i));
        }
    }

    private long read(Placement placement, int level, int sizeBytes) {
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (memory.get(ValueLayout.JAVA_BYTE, placement.targetOffset(level) + i) & 0xffL) << 8 * i;
        }
        return value;
    }
}
