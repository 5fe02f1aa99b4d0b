package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.walk.PagingUnit;
import java.util.ArrayList;
import java.util.List;

/** This emulator's paging unit over a memory that holds one vector's entries and nothing else. */
public final class EmulatorOracle implements VectorOracle {
    private static final int INVALIDATE_EVERYTHING = 2;

    private final CpuModel model;
    private final int topLevel;
    private final VectorMemory memory = new VectorMemory();
    private final PagingUnit unit;
    private int lowestMet;

    public EmulatorOracle(CpuModel model) {
        this(model, TlbPolicy.NONE);
    }

    /** @param policy decides only what {@link #repeat} may be served by */
    public EmulatorOracle(CpuModel model, TlbPolicy policy) {
        this.model = model;
        topLevel = VectorInput.topLevel(model);
        unit = new PagingUnit(memory, model, topLevel, policy);
    }

    @Override
    public String describe() {
        return "Cowtable's own paging unit";
    }

    @Override
    public VectorScope scope() {
        return new VectorScope(model, true, true, true, true, true);
    }

    @Override
    public List<RecordedVector> perform(List<VectorInput> shapes) {
        List<RecordedVector> performed = new ArrayList<>(shapes.size());
        for (VectorInput shape : shapes) {
            VectorInput input = placed(shape);
            performed.add(new RecordedVector(input, outcome(input)));
        }
        return performed;
    }

    /** Performs an access whose entries have their address bits already, from a cold TLB. */
    public VectorResult outcome(VectorInput input) {
        if (memory.place(input, model) != 0) {
            throw new IllegalArgumentException("two entries on one slot: " + input);
        }
        setControls(input);
        require(unit.invpcid(INVALIDATE_EVERYTHING, 0, 0));
        long translated = translate(input);
        lowestMet = memory.lowestRead();
        return result(translated);
    }

    /** The last access once more, now served by what it left in the caches; tells of the same levels. */
    public VectorResult repeat(VectorInput input) {
        memory.forgetReads();
        return result(translate(input));
    }

    /** Whether the last access read an entry. */
    boolean walked() {
        return memory.lowestRead() <= topLevel;
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    private void setControls(VectorInput input) {
        require(unit.movToCr0(Cr0.PE | Cr0.PG | bit(input.wp(), Cr0.WP)));
        require(unit.writeEfer(Efer.LME | Efer.LMA | bit(input.nxe(), Efer.NXE)));
        require(unit.movToCr3(memory.root()));
        require(unit.movToCr4(Cr4.PAE | Cr4.PGE | bit(model.la57(), Cr4.LA57) | bit(input.smep(), Cr4.SMEP)
                | bit(input.smap(), Cr4.SMAP) | bit(input.pke(), Cr4.PKE) | bit(input.pks(), Cr4.PKS)));
        unit.wrpkru(input.pkru());
        unit.writePkrs(input.pkrs());
        unit.setAc(input.ac());
    }

    private long translate(VectorInput input) {
        return unit.translate(input.va(), input.access().kind(input.cpl()));
    }

    private VectorResult result(long translated) {
        if (!Fault.isFault(translated)) {
            return new VectorResult(VectorResult.Kind.OK, translated, 0, lowestMet, memory.entries(lowestMet));
        }
        if (!Fault.isPageFault(translated)) {
            return VectorResult.generalProtection(topLevel);
        }
        return new VectorResult(VectorResult.Kind.PF, unit.cr2(), Fault.errorCode(translated), lowestMet,
                memory.entries(lowestMet));
    }

    /** With a page of its own for each table, anywhere in physical memory. */
    private VectorInput placed(VectorInput shape) {
        VectorRandom random = new VectorRandom(shape.number());
        long[] entries = shape.entries().clone();
        for (int level = topLevel; level >= 1; level--) {
            if (Entry.isPresent(entries[level])) {
                entries[level] |= address(random.next(), entries[level], level);
            }
        }
        return shape.withEntries(entries);
    }

    /** Why: the lowest bits tell the level, so no two tables share a page. */
    private long address(long random, long entry, int level) {
        long address = random & (1L << model.maxPhyAddr()) - 1;
        boolean large = level > 1 && level < 4 && Entry.isPageSize(entry);
        return large ? address & -Paging.sizeBytes(level) : address & -8 * Paging.PAGE_BYTES | Paging.paddr(level);
    }

    private static long bit(boolean set, long bit) {
        return set ? bit : 0;
    }

    private static void require(long result) {
        if (result != 0) {
            throw new IllegalStateException("an instruction of the set-up failed: " + Fault.describe(result));
        }
    }
}
