package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.walk.Invlpgb;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Space;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;

/**
 * Shootdowns that do not interrupt: INVLPGB with TLBSYNC, and CPUs in lazy-TLB mode.
 *
 * <p>Differs: the emulated CPUs do an INVLPGB before their next instruction, so what TLBSYNC is for is not seen.
 */
final class Broadcasts {
    private static final String SYNCED =
            "TLBSYNC ends when every CPU has done what INVLPGB asked (APM volume 3, TLBSYNC)";

    private Broadcasts() {
    }

    static List<HardwareTest> all() {
        return List.of(
                amd("invlpgb-tlbsync", "remap, INVLPGB, TLBSYNC, flag").forbidden("1, 1", SYNCED)
                        .script(stage -> remap(stage, true)),
                amd("invlpgb-unsynced", "remap, INVLPGB, flag")
                        .interesting("1, 1", Seen.PERHAPS, "without TLBSYNC other CPUs may not have done it yet")
                        .script(stage -> remap(stage, false)),
                amd("invlpgb-interrupts-off", "as invlpgb-tlbsync; CPU 1 has interrupts off").forbidden("1, 1",
                        SYNCED + ", interrupts or not").script(Broadcasts::interruptsOff),
                HardwareTest
                        .named("invlpgb-final-only",
                                "a PDE is changed, INVLPGB with final-translation-only and TLBSYNC")
                        .model(CpuModel.AMD).cpus(1)
                        .interesting("1", Seen.WHERE_CACHED,
                                "the flag lets structure entries stay (APM volume 3, INVLPGB)")
                        .acceptable("2", "no PDE was cached").script(stage -> structure(stage, Invlpgb.FINAL_ONLY)),
                HardwareTest.named("invlpgb-structures", "as invlpgb-final-only, without the flag")
                        .model(CpuModel.AMD).cpus(1).acceptable("2", Seen.ALWAYS, "structure entries go too")
                        .forbidden("1", "structure entries go too (APM volume 3, INVLPGB)")
                        .script(stage -> structure(stage, 0)),
                reusing("invlpgb-table-reuse", "a PDE is cleared, INVLPGB, TLBSYNC, the table is reused; CPU 1 loads")
                        .forbidden("9", "a walk that has begun is over before its CPU does the invalidation: " + SYNCED)
                        .script(stage -> tableReuse(stage, true)),
                reusing("invlpgb-table-reuse-unsynced", "as invlpgb-table-reuse, without TLBSYNC")
                        .interesting("9", Seen.ALWAYS, "CPU 1 may be in the midst of a walk")
                        .script(stage -> tableReuse(stage, false)),
                Shootdowns
                        .flagged("lazy-tlb",
                                "CPU 1 leaves lazy-TLB mode; remap, shootdown that passes lazy CPUs by, flag")
                        .storeBuffer(1)
                        .forbidden("1, 1", "a CPU that was passed by flushes before it uses the address space again")
                        .script(stage -> lazy(stage, true)),
                Shootdowns
                        .flagged("lazy-tlb-unmarked", "as lazy-tlb, but CPU 0 does nothing for a CPU that may be lazy")
                        .interesting("1, 1", Seen.WHERE_CACHED, Shootdowns.REMOTE)
                        .script(stage -> lazy(stage, false)));
    }

    private static HardwareTest.Builder amd(String name, String description) {
        return Shootdowns.flagged(name, description).model(CpuModel.AMD);
    }

    private static void broadcast(Core core, Page x, long flags, boolean sync) {
        core.invlpgb(new Invlpgb(x.vaddr() | Invlpgb.ADDRESS | Invlpgb.GLOBAL | flags, 0, 0));
        if (sync) {
            core.tlbsync();
        }
    }

    private static void remap(Stage stage, boolean sync) {
        Shootdowns.remap(stage, (core, x) -> broadcast(core, x, 0, sync));
    }

    private static void interruptsOff(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.warm(1, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            broadcast(core, x, 0, true);
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.cli();
            core.observe(0, core.load(flag));
            core.observe(1, core.load(x));
            core.sti();
        });
    }

    private static void structure(Stage stage, long flags) {
        Page x = stage.space().fixed(0, stage.frame(1));
        Page neighbour = stage.variable(1);
        Page pde = stage.space().tableOf(x);
        long table = stage.table();
        stage.poke(Space.slot(table, x.vaddr(), 1), stage.frame(2) | Stage.DATA);
        stage.warm(0, neighbour);
        stage.actor(0, core -> {
            core.write(pde.entryPaddr(), table | Space.TABLE);
            broadcast(core, x, flags, true);
            core.observe(0, core.load(x));
        });
    }

    private static HardwareTest.Builder reusing(String name, String description) {
        return HardwareTest.named(name, description).model(CpuModel.AMD)
                .acceptable("1", Seen.ALWAYS, "before the PDE was cleared")
                .acceptable("#PF", Seen.ALWAYS, "the PDE is cleared");
    }

    private static void tableReuse(Stage stage, boolean sync) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page pde = stage.space().tableOf(x);
        long secret = stage.frame(9);
        stage.actor(0, core -> {
            core.exchange(pde.entryPaddr(), 0);
            broadcast(core, x, 0, sync);
            core.exchange(x.entryPaddr(), secret | Stage.DATA);
        });
        stage.actor(1, core -> core.observe(0, core.load(x)));
    }

    private static void lazy(Stage stage, boolean marks) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.warm(1, x);
        stage.speculation(1, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            if (marks) {
                core.await(core.shootdown(1, Shootdowns.dropping(x)));
            }
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.enterLazyTlb();
            core.leaveLazyTlb();
            core.observe(0, core.load(flag));
            core.observe(1, core.load(x));
        });
    }
}
