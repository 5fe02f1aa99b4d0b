package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.SlowTranslator;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.TlbPolicy;

/** The words of the slow translator in those of the emulator. */
final class StateRegisters {
    private StateRegisters() {
    }

    static long cr0(SlowTranslator.State state) {
        return Cr0.PE | Cr0.PG | (state.wp ? Cr0.WP : 0);
    }

    static long cr4(SlowTranslator.State state) {
        return Cr4.PAE | Cr4.PGE | (state.levels == 5 ? Cr4.LA57 : 0) | (state.smep ? Cr4.SMEP : 0)
                | (state.smap ? Cr4.SMAP : 0) | (state.pke ? Cr4.PKE : 0) | (state.pks ? Cr4.PKS : 0);
    }

    static long efer(SlowTranslator.State state) {
        return Efer.LME | Efer.LMA | (state.nxe ? Efer.NXE : 0);
    }

    static CpuModel model(SlowTranslator.State state) {
        return new CpuModel(state.amd ? Vendor.AMD : Vendor.INTEL, state.maxPhyAddr, state.gigabytePages,
                state.levels == 5, false);
    }

    static int accessBits(AccessKind kind) {
        return (kind.write ? Access.WRITE : 0) | (kind.user ? Access.USER : 0) | (kind.fetch ? Access.FETCH : 0)
                | (kind.implicit ? Access.IMPLICIT : 0);
    }

    /** The outcome as the emulator packs it. */
    static long packed(SlowTranslator outcome) {
        return switch (outcome.vector) {
            case 0 -> outcome.paddr;
            case SlowTranslator.PAGE_FAULT -> Fault.pageFault(outcome.errorCode);
            default -> Fault.GENERAL_PROTECTION;
        };
    }

    static void mustSucceed(long result) {
        if (result != 0) {
            throw new AssertionError("a legal register value was refused: " + Fault.describe(result));
        }
    }

    /** A paging unit in the state, over any memory. */
    static PagingUnit unit(MemoryAccess memory, SlowTranslator.State state, TlbPolicy policy) {
        PagingUnit unit = new PagingUnit(memory, model(state), state.levels, policy);
        mustSucceed(unit.movToCr3(state.cr3));
        mustSucceed(unit.movToCr0(cr0(state)));
        mustSucceed(unit.movToCr4(cr4(state)));
        mustSucceed(unit.writeEfer(efer(state)));
        unit.wrpkru(state.pkru);
        unit.writePkrs(state.pkrs);
        unit.setAc(state.ac);
        return unit;
    }
}
