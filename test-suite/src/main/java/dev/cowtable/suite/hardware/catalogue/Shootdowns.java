package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.cpu.InterruptHandler;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.BiConsumer;

/** CPU 0 changes an entry that CPU 1 has cached, and tells CPU 1 to invalidate it, or not. */
final class Shootdowns {
    static final String REMOTE = "no invalidation reaches another CPU by itself (SDM 4.10.5)";
    private static final String ACKNOWLEDGED =
            "CPU 1 has executed INVLPG, and the entry was written before (SDM 4.10.5)";
    private static final String UNAWAITED = "CPU 1 may not have taken the interrupt yet (SDM 4.10.5)";

    private Shootdowns() {
    }

    static List<HardwareTest> all() {
        return List.of(
                flagged("ipi-acknowledged", "remap, INVLPG here, there by IPI, wait, flag")
                        .like("TransForm ipi4, ipi8 (Forbidden)").forbidden("1, 1", ACKNOWLEDGED)
                        .script(stage -> remap(stage, (core, x) -> {
                            core.invlpg(x);
                            core.invlpgAt(1, x);
                        })),
                flagged("ipi-unawaited", "as ipi-acknowledged, without the wait")
                        .like("TransForm ipi3, ipi5 to ipi7 (Permitted)")
                        .interesting("1, 1", Seen.WHERE_CACHED, UNAWAITED)
                        .script(stage -> remap(stage, (core, x) -> core.sendIpi(1, dropping(x)))),
                flagged("ipi-omitted", "remap, INVLPG here alone, flag").interesting("1, 1", Seen.WHERE_CACHED, REMOTE)
                        .script(stage -> remap(stage, Core::invlpg)),
                flagged("ipi-too-early", "as ipi-acknowledged, but the entry is written after the wait")
                        .interesting("1, 1", Seen.WHERE_CACHED,
                                "CPU 1 may fill its TLB again before the entry is written")
                        .script(Shootdowns::tooEarly),
                flagged("ipi-buffered", "as ipi-acknowledged with a store buffer and no INVLPG on CPU 0").storeBuffer(2)
                        .forbidden("1, 1", "the interrupt command goes out after older stores, so the handler's "
                                + "successor walks to the new entry")
                        .script(stage -> remap(stage, (core, x) -> core.invlpgAt(1, x))),
                HardwareTest
                        .named("ipi-crossing", "two CPUs remap a page each and interrupt each other, then load both")
                        .storeBuffer(1)
                        .acceptable("2, 2", Seen.ALWAYS, "both wait with interrupts enabled, and both flush")
                        .acceptable("2, 1", "CPU 0 was first").acceptable("1, 2", "CPU 1 was first")
                        .forbidden("1, 1",
                                "each CPU's own remap is over when it loads the other page, and one was last")
                        .script(Shootdowns::crossing));
    }

    /** Rows of: CPU 1 loads the flag, then x. */
    static HardwareTest.Builder flagged(String name, String description) {
        return HardwareTest.named(name, description)
                .acceptable("0, 1", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("0, 2", "the entry changed between the loads")
                .acceptable("1, 2", "CPU 0 was first");
    }

    static InterruptHandler dropping(Page x) {
        return who -> who.invlpg(x.vaddr());
    }

    /** CPU 0 remaps x from a frame of 1 to a frame of 2, invalidates, and raises a flag. */
    static void remap(Stage stage, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            invalidation.accept(core, x);
            core.store(flag, 1);
        });
        reader(stage, flag, x);
    }

    private static void tooEarly(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.actor(0, core -> {
            core.invlpgAt(1, x);
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.store(flag, 1);
        });
        reader(stage, flag, x);
    }

    static void reader(Stage stage, Page flag, Page x) {
        stage.warm(1, x);
        stage.speculation(1, x);
        stage.actor(1, core -> {
            core.observe(0, core.load(flag));
            core.observe(1, core.load(x));
        });
    }

    private static void crossing(Stage stage) {
        Page[] pages = {stage.space().page(0, stage.frame(1) | Stage.DATA),
                stage.space().page(1, stage.frame(1) | Stage.DATA)};
        long[] newFrames = {stage.frame(2), stage.frame(2)};
        for (int cpu = 0; cpu < 2; cpu++) {
            int me = cpu;
            stage.warm(me, pages[1 - me]);
            stage.actor(me, core -> {
                core.write(pages[me].entryPaddr(), pages[me].entryFor(newFrames[me]));
                core.invlpgAt(1 - me, pages[me]);
                core.observe(me, core.load(pages[1 - me]));
            });
        }
    }
}
