package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorResult;
import java.io.IOException;

/** Places a shape, has the guest make the access, and reads the outcome from what the guest left. */
final class AccessRunner {
    private static final int NOWHERE = 0;
    private static final int NO_ENTRY_MET = GuestLayout.LEVELS + 1;

    private final RootPool roots;
    private final Targets targets;
    private final Placement placement;
    private final GuestCpu cpu;
    private final WalkEnd walkEnd;
    private long nrAccesses;

    AccessRunner(KvmVm vm, GuestMemory memory, CpuModel model) {
        this.roots = new RootPool(memory.roots(), () -> memory.renewRoots(vm));
        this.targets = new Targets(memory.targets());
        this.placement = new Placement(model.gigabytePages(), model.maxPhyAddr());
        this.cpu = new GuestCpu(vm, memory.harness());
        this.walkEnd = new WalkEnd(model);
    }

    RecordedVector perform(VectorInput shape) throws IOException {
        roots.next();
        placement.place(shape, roots.gpa(), nrAccesses++);
        roots.write(placement.vaddr(), placement.entries());
        targets.mark(placement, shape.access(), shape.sizeBytes());
        try {
            GuestExit exit = cpu.run(shape, placement.vaddr(), roots.gpa());
            VectorInput placed = placement.placed(shape);
            return new RecordedVector(placed, result(placed, exit));
        } catch (IOException e) {
            throw new IOException("vector " + shape.number() + ", va " + Long.toHexString(placement.vaddr()) + ": "
                    + e.getMessage(), e);
        } finally {
            targets.clear(placement, shape.sizeBytes());
        }
    }

    private VectorResult result(VectorInput placed, GuestExit exit) throws IOException {
        long accessVaddr = GuestCpu.codeVaddr(placed.cpl()) + GuestCode.accessAt(placed.access(), placed.sizeBytes());
        boolean fetches = placed.access() == VectorAccess.X;
        if (exit.vector() == GuestExit.PAGE_FAULT && exit.ripVaddr() == (fetches ? placed.va() : accessVaddr)) {
            int lowestLevel = walkEnd.lowestLevel(placed.entries(), placed.nxe(), exit.errorCode());
            return result(VectorResult.Kind.PF, exit.cr2(), exit.errorCode(), lowestLevel, placed, exit);
        }
        if (exit.isException(GuestExit.GENERAL_PROTECTION, 0, accessVaddr)) {
            result(VectorResult.Kind.GP, 0, 0, NO_ENTRY_MET, placed, exit);
            return VectorResult.generalProtection(GuestLayout.LEVELS);
        }
        int level = fetches ? levelFetched(placed, exit) : levelAccessed(placed, exit);
        if (level == NOWHERE || exit.cr2() != GuestCpu.CR2_MARK) {
            throw new IOException("outcome of no known kind: " + exit);
        }
        return result(VectorResult.Kind.OK, placement.candidate(level), 0, level, placed, exit);
    }

    private VectorResult result(VectorResult.Kind kind, long value, int errorCode, int lowestLevel, VectorInput placed,
            GuestExit exit) throws IOException {
        long[] left = roots.read();
        for (int level = 1; level < Math.min(lowestLevel, NO_ENTRY_MET); level++) {
            if (left[level] != placed.entry(level)) {
                throw new IOException("the entry of level " + level + " changed though the walk ended above: " + exit);
            }
        }
        boolean stored = kind == VectorResult.Kind.OK && placed.access() == VectorAccess.W;
        if (placed.access() != VectorAccess.X
                && !targets.areUntouchedBut(stored ? lowestLevel : NOWHERE, placement, placed.sizeBytes())) {
            throw new IOException("data changed that the access does not concern: " + exit);
        }
        return new VectorResult(kind, value, errorCode, lowestLevel, left);
    }

    /** The leaf's level if the load or store was done, else 0. */
    private int levelAccessed(VectorInput placed, GuestExit exit) {
        long endVaddr = GuestCpu.codeVaddr(placed.cpl()) + GuestCode.endAt(placed.access(), placed.sizeBytes());
        boolean done = placed.cpl() == 3 ? exit.isException(GuestExit.INVALID_OPCODE, 0, endVaddr)
                : exit.isException(GuestExit.NO_EXCEPTION, 0, endVaddr);
        if (!done) {
            return NOWHERE;
        }
        return placed.access() == VectorAccess.W ? targets.levelStored(placement, placed.sizeBytes())
                : Targets.levelLoaded(placement, exit.rsi(), placed.sizeBytes());
    }

    /** The leaf's level, told by which instruction ran at the address. */
    private int levelFetched(VectorInput placed, GuestExit exit) {
        byte ran = GuestCode.WILD;
        int haltEnd = placed.cpl() == 3 ? GuestExit.GENERAL_PROTECTION : GuestExit.NO_EXCEPTION;
        if (exit.isException(GuestExit.INVALID_OPCODE, 0, placed.va())) {
            ran = GuestCode.INVALID;
        } else if (exit.isException(GuestExit.STACK_FAULT, 0, placed.va())) {
            ran = GuestCode.POP;
        } else if (exit.isException(haltEnd, 0, placed.va())) {
            ran = GuestCode.HLT;
        }
        for (int level = 1; level <= Placement.LEAF_LEVELS; level++) {
            if (placement.candidate(level) != Placement.NONE && Targets.instruction(level) == ran) {
                return level;
            }
        }
        return NOWHERE;
    }
}
