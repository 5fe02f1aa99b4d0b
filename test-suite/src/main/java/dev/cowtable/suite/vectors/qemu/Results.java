package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorResult;
import java.io.IOException;

/** Reads the guest's results; one that means none of the three outcomes for sure is an exception. */
final class Results {
    private static final int STACK_FAULT = 12;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;

    private final GuestMemory memory;
    private final AddressSpaces spaces;
    private final TargetMemory targets;
    private final QemuDeviations deviations;
    private final int topLevel;

    Results(GuestMemory memory, AddressSpaces spaces, TargetMemory targets, QemuDeviations deviations, int topLevel) {
        this.memory = memory;
        this.spaces = spaces;
        this.targets = targets;
        this.deviations = deviations;
        this.topLevel = topLevel;
    }

    /** Takes the vector's tables away as well. */
    RecordedVector read(PlacedVector vector) throws IOException {
        long[] left = spaces.remove(vector);
        VectorResult result = switch ((int) field(vector, GuestLayout.RESULT_VECTOR)) {
            case PAGE_FAULT -> pageFault(vector, left);
            case GENERAL_PROTECTION, STACK_FAULT -> notCanonical(vector, left);
            default -> done(vector, left);
        };
        return new RecordedVector(vector.input(), result).trimmed();
    }

    private VectorResult pageFault(PlacedVector vector, long[] left) throws IOException {
        long cr2 = field(vector, GuestLayout.RESULT_CR2);
        require(cr2 == vector.input().va(), "a page fault elsewhere", vector);
        requireNothingStored(vector);
        int errorCode = deviations.errorCode((int) field(vector, GuestLayout.RESULT_ERROR));
        deviations.restoreAccessed(vector, left);
        boolean reserved = (errorCode & Fault.RESERVED) != 0 && vector.reservedLevel() != PlacedVector.NONE;
        int lowestLevel = reserved ? vector.reservedLevel() : vector.lastLevel();
        return new VectorResult(VectorResult.Kind.PF, cr2, errorCode, lowestLevel, left);
    }

    /** Why: an interrupt's push is a stack-segment reference and gives #SS(0); files name both gp. */
    private VectorResult notCanonical(PlacedVector vector, long[] left) throws IOException {
        boolean push = vector.input().access() == VectorAccess.KW;
        require(field(vector, GuestLayout.RESULT_VECTOR) == (push ? STACK_FAULT : GENERAL_PROTECTION),
                "#GP or #SS, the other one", vector);
        require(field(vector, GuestLayout.RESULT_ERROR) == 0, "#GP with an error code", vector);
        require(field(vector, GuestLayout.RESULT_CR2) == 0, "#GP that set CR2", vector);
        requireNothingStored(vector);
        for (int level = vector.lastLevel(); level <= topLevel; level++) {
            require(left[level] == vector.input().entry(level), "#GP that changed an entry", vector);
        }
        return VectorResult.generalProtection(topLevel);
    }

    private VectorResult done(PlacedVector vector, long[] left) throws IOException {
        require(vector.targetPaddr() != PlacedVector.NONE, "an access done where nothing is mapped", vector);
        require(field(vector, GuestLayout.RESULT_CR2) == 0, "an access done that set CR2", vector);
        long ended = field(vector, GuestLayout.RESULT_VECTOR);
        boolean asExpected = switch (vector.input().access()) {
            case R, KR -> ended == GuestLayout.DONE_VECTOR
                    && targets.hasLoaded(vector, field(vector, GuestLayout.RESULT_RAX));
            case W -> ended == GuestLayout.DONE_VECTOR && targets.hasStored(vector);
            case KW -> ended == GuestLayout.STACK_VECTOR && targets.hasStored(vector);
            case X -> targets.hasFetched(vector, ended, field(vector, GuestLayout.RESULT_RIP));
        };
        require(asExpected, "an access that did not reach its page", vector);
        return new VectorResult(VectorResult.Kind.OK, vector.targetPaddr(), 0, vector.lastLevel(), left);
    }

    private void requireNothingStored(PlacedVector vector) throws IOException {
        VectorAccess access = vector.input().access();
        boolean store = access == VectorAccess.W || access == VectorAccess.KW;
        require(!store || vector.targetPaddr() == PlacedVector.NONE || targets.isUntouched(vector),
                "a fault after a store", vector);
    }

    private void require(boolean holds, String otherwise, PlacedVector vector) throws IOException {
        if (!holds) {
            VectorInput input = vector.input();
            throw new IOException("QEMU: " + otherwise + ": vector " + field(vector, GuestLayout.RESULT_VECTOR)
                    + hex(" error ", field(vector, GuestLayout.RESULT_ERROR))
                    + hex(" cr2 ", field(vector, GuestLayout.RESULT_CR2))
                    + hex(" rax ", field(vector, GuestLayout.RESULT_RAX))
                    + hex(" rip ", field(vector, GuestLayout.RESULT_RIP)) + hex(" expected at ", vector.targetPaddr())
                    + " after " + input);
        }
    }

    private static String hex(String label, long value) {
        return label + Long.toHexString(value);
    }

    private long field(PlacedVector vector, int offset) {
        return memory.load(GuestLayout.recordPaddr(vector.slot()) + offset);
    }
}
