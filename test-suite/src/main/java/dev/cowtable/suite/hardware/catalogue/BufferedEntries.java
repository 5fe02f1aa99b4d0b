package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.BiConsumer;

/** A CPU makes an entry present and uses it while the store may still be in its store buffer, where no walk looks. */
final class BufferedEntries {
    private static final String NOT_FORWARDED =
            "a walk reads memory; nothing says that it finds an older store of its CPU that is still buffered";
    private static final String FENCED = "MFENCE makes older stores visible before any later access (SDM 8.2.5)";

    private BufferedEntries() {
    }

    static List<HardwareTest> all() {
        return List.of(
                HardwareTest.named("walk-buffered", "an entry is made present, load").cpus(1).storeBuffer(1)
                        .interesting("#PF", Seen.ALWAYS, NOT_FORWARDED)
                        .acceptable("2", Seen.ALWAYS, "the store has reached memory")
                        .script(stage -> map(stage, (core, lock) -> {})),
                ordered("walk-mfence", "as walk-buffered, with MFENCE between", FENCED)
                        .script(stage -> map(stage, (core, lock) -> core.mfence())),
                ordered("walk-locked", "as walk-buffered, with XCHG of another location between",
                        "a locked instruction is not reordered with older stores or later loads (SDM 8.2.3.9)")
                        .script(stage -> map(stage, (core, lock) -> core.exchange(lock, 1))),
                ordered("walk-invlpg", "as walk-buffered, with INVLPG of another page between",
                        "INVLPG is a serializing instruction (SDM 8.3)")
                        .script(stage -> map(stage, (core, lock) -> core.invlpg(lock))),
                ordered("walk-cr3", "as walk-buffered, with MOV to CR3 between",
                        "MOV to a control register is a serializing instruction (SDM 8.3)")
                        .script(BufferedEntries::reload),
                walkSb("sb-walk", "each of two CPUs stores, one of them an entry, then walks or loads the other's")
                        .interesting("0, #PF", Seen.ALWAYS, "both stores are still buffered (SDM 8.2.3.4)")
                        .script(stage -> sb(stage, false)),
                walkSb("sb-walk-mfence", "as sb-walk, with MFENCE after each store")
                        .like("sb+fences")
                        .forbidden("0, #PF", FENCED + ", and a walk belongs to its access")
                        .script(stage -> sb(stage, true)));
    }

    private static HardwareTest.Builder ordered(String name, String description, String reason) {
        return HardwareTest.named(name, description).cpus(1).storeBuffer(1).acceptable("2", Seen.ALWAYS, reason)
                .forbidden("#PF", reason);
    }

    /** Speculation while the entry is not present leaves nothing behind. */
    private static void map(Stage stage, BiConsumer<Core, Page> between) {
        Page x = stage.space().page(0, 0);
        Page lock = stage.variable(1);
        long frame = stage.frame(2);
        stage.speculation(0, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), frame | Stage.DATA);
            between.accept(core, lock);
            core.observe(0, core.load(x));
        });
    }

    private static void reload(Stage stage) {
        map(stage, (core, lock) -> core.movToCr3(stage.space().root()));
    }

    private static HardwareTest.Builder walkSb(String name, String description) {
        return HardwareTest.named(name, description).storeBuffer(1)
                .acceptable("1, #PF", Seen.ALWAYS, "CPU 1 was first").acceptable("0, 2", Seen.ALWAYS, "CPU 0 was first")
                .acceptable("1, 2", Seen.ALWAYS, "both stores were first");
    }

    private static void sb(Stage stage, boolean fenced) {
        Page x = stage.space().page(0, 0);
        Page y = stage.variable(1);
        long frame = stage.frame(2);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), frame | Stage.DATA);
            fence(core, fenced);
            core.observe(0, core.load(y));
        });
        stage.actor(1, core -> {
            core.store(y, 1);
            fence(core, fenced);
            core.observe(1, core.load(x));
        });
    }

    private static void fence(Core core, boolean wanted) {
        if (wanted) {
            core.mfence();
        }
    }
}
