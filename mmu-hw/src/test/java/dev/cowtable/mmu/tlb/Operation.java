package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.tlb.InvalidationLab.ADDRESS;
import static dev.cowtable.mmu.tlb.InvalidationLab.FOREIGN_PCID;
import static dev.cowtable.mmu.tlb.InvalidationLab.OWN_PCID;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.walk.Invlpgb;

/** What may invalidate: the rows of the invalidation table. Each acts on the CPU that executes it. */
enum Operation {
    INVLPG((cpu, lab) -> cpu.invlpg(ADDRESS + 0x123)),
    INVLPG_NOT_CANONICAL((cpu, lab) -> cpu.invlpg(ADDRESS ^ 1L << 62)),
    INVPCID_0_OWN((cpu, lab) -> accept(cpu.invpcid(0, OWN_PCID, ADDRESS + 0x123))),
    INVPCID_0_FOREIGN((cpu, lab) -> accept(cpu.invpcid(0, FOREIGN_PCID, ADDRESS + 0x123))),
    INVPCID_1_OWN((cpu, lab) -> accept(cpu.invpcid(1, OWN_PCID, ADDRESS))),
    INVPCID_1_FOREIGN((cpu, lab) -> accept(cpu.invpcid(1, FOREIGN_PCID, ADDRESS))),
    INVPCID_2((cpu, lab) -> accept(cpu.invpcid(2, 0, ADDRESS))),
    INVPCID_3((cpu, lab) -> accept(cpu.invpcid(3, 0, ADDRESS))),
    MOV_CR3_OWN((cpu, lab) -> accept(cpu.movToCr3(lab.cr3(OWN_PCID)))),
    MOV_CR3_FOREIGN((cpu, lab) -> accept(cpu.movToCr3(lab.cr3(FOREIGN_PCID)))),
    MOV_CR3_OWN_BIT_63((cpu, lab) -> accept(cpu.movToCr3(lab.cr3(OWN_PCID) | ControlRegisters.CR3_NO_FLUSH))),
    MOV_CR3_FOREIGN_BIT_63((cpu, lab) -> accept(cpu.movToCr3(lab.cr3(FOREIGN_PCID) | ControlRegisters.CR3_NO_FLUSH))),
    CR4_UNCHANGED((cpu, lab) -> accept(cpu.movToCr4(cpu.cr4()))),
    CR4_PGE_CLEARED((cpu, lab) -> Modes.clearCr4(cpu, Cr4.PGE)),
    CR4_PGE_SET(0, Cr4.PGE, (cpu, lab) -> Modes.setCr4(cpu, Cr4.PGE)),
    CR4_PCIDE_CLEARED((cpu, lab) -> Modes.clearCr4(cpu, Cr4.PCIDE)),
    CR4_PCIDE_SET((cpu, lab) -> Modes.setCr4(cpu, Cr4.PCIDE)),
    CR4_SMEP_SET((cpu, lab) -> Modes.setCr4(cpu, Cr4.SMEP)),
    CR4_SMEP_CLEARED(Cr4.SMEP, 0, (cpu, lab) -> Modes.clearCr4(cpu, Cr4.SMEP)),
    CR4_SMAP_SET((cpu, lab) -> Modes.setCr4(cpu, Cr4.SMAP)),
    CR4_SMAP_CLEARED(Cr4.SMAP, 0, (cpu, lab) -> Modes.clearCr4(cpu, Cr4.SMAP)),
    CR4_PKE_SET((cpu, lab) -> Modes.setCr4(cpu, Cr4.PKE)),
    CR4_PKE_CLEARED(Cr4.PKE, 0, (cpu, lab) -> Modes.clearCr4(cpu, Cr4.PKE)),
    CR4_PKS_SET((cpu, lab) -> Modes.setCr4(cpu, Cr4.PKS)),
    CR4_PKS_CLEARED(Cr4.PKS, 0, (cpu, lab) -> Modes.clearCr4(cpu, Cr4.PKS)),
    CR0_WP_TOGGLED((cpu, lab) -> {
        Modes.writeProtect(cpu, false);
        Modes.writeProtect(cpu, true);
    }),
    WRPKRU(Cr4.PKE, 0, (cpu, lab) -> cpu.wrpkru(0x4000_0000)),
    WRITE_PKRS(Cr4.PKS, 0, (cpu, lab) -> cpu.writePkrs(0x4000_0000)),
    STAC(Cr4.SMAP, 0, (cpu, lab) -> cpu.setAc(true)),
    EFER_UNCHANGED((cpu, lab) -> accept(cpu.writeEfer(cpu.efer()))),
    EFER_NXE_CLEARED((cpu, lab) -> Modes.executeDisable(cpu, false)),
    EFER_NXE_TOGGLED((cpu, lab) -> {
        Modes.executeDisable(cpu, false);
        Modes.executeDisable(cpu, true);
    }),
    MFENCE((cpu, lab) -> cpu.mfence()),
    PAGE_FAULT((cpu, lab) -> lab.writeToReadOnlyPage(cpu)),
    INVLPGB_PAGE(Invlpgb.ADDRESS, 0),
    INVLPGB_PAGE_GLOBAL(Invlpgb.ADDRESS | Invlpgb.GLOBAL, 0),
    INVLPGB_PAGE_FINAL(Invlpgb.ADDRESS | Invlpgb.FINAL_ONLY, 0),
    INVLPGB_PAGE_OWN(Invlpgb.ADDRESS | Invlpgb.PCID, OWN_PCID),
    INVLPGB_PAGE_OWN_GLOBAL(Invlpgb.ADDRESS | Invlpgb.PCID | Invlpgb.GLOBAL, OWN_PCID),
    INVLPGB_PAGE_FOREIGN(Invlpgb.ADDRESS | Invlpgb.PCID, FOREIGN_PCID),
    INVLPGB_ALL(0, 0),
    INVLPGB_ALL_GLOBAL(Invlpgb.GLOBAL, 0),
    INVLPGB_ALL_FINAL(Invlpgb.FINAL_ONLY, 0),
    INVLPGB_OWN(Invlpgb.PCID, OWN_PCID),
    INVLPGB_OWN_GLOBAL(Invlpgb.PCID | Invlpgb.GLOBAL, OWN_PCID),
    INVLPGB_FOREIGN_FINAL(Invlpgb.PCID | Invlpgb.FINAL_ONLY, FOREIGN_PCID);

    /** What the CPU executes, by itself. */
    interface Body {
        void run(Cpu cpu, InvalidationLab lab);
    }

    /** CR4 bits that must be set, and those that must be clear, when the caches are filled. */
    final long cr4Set;
    final long cr4Clear;
    @SuppressWarnings("ImmutableEnumChecker")
    private final Body body;

    Operation(Body body) {
        this(0, 0, body);
    }

    Operation(long rax, int pcid) {
        this(0, 0, (cpu, lab) -> {
            long named = (rax & Invlpgb.ADDRESS) != 0 ? ADDRESS & -4096L : 0;
            accept(cpu.invlpgb(new Invlpgb(named | rax, 0, pcid << 16)));
            cpu.tlbsync();
        });
    }

    Operation(long cr4Set, long cr4Clear, Body body) {
        this.cr4Set = cr4Set;
        this.cr4Clear = cr4Clear;
        this.body = body;
    }

    void run(Cpu cpu, InvalidationLab lab) {
        body.run(cpu, lab);
    }

    boolean isBroadcast() {
        return name().startsWith("INVLPGB");
    }

    private static void accept(long result) {
        if (result != 0) {
            throw new AssertionError(Fault.describe(result));
        }
    }
}
