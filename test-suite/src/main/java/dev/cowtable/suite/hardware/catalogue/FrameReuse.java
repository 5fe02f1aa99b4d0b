package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Space;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;

/** CPU 0 unmaps a page or a table that CPU 1 uses, and gives the frame to somebody else, whose word is 9. */
final class FrameReuse {
    private static final String NOT_BEFORE_ACK =
            "the frame gets its new contents when CPU 1 has invalidated and finished what it was doing (SDM 4.10.5)";
    private static final String TABLE_IN_USE =
            "a walk or a cached PDE may still lead to the table: it must not be reused before an invalidation "
                    + "(SDM 4.10.4.2)";

    private FrameReuse() {
    }

    static List<HardwareTest> all() {
        return List.of(
                reading("frame-reuse", "unmap, shootdown, wait, the frame is reused; CPU 1 loads")
                        .forbidden("9", NOT_BEFORE_ACK).script(stage -> pageRead(stage, true)),
                reading("frame-reuse-early", "as frame-reuse, without the wait")
                        .interesting("9", Seen.WHERE_CACHED, OwnInvalidation.STALE)
                        .script(stage -> pageRead(stage, false)),
                writing("frame-reuse-store", "unmap, shootdown, wait, the frame is reused; CPU 1 stores 7")
                        .forbidden("ok, 7", "INVLPG in the handler also waits for CPU 1's buffered stores (SDM 8.3)")
                        .script(stage -> pageWrite(stage, true)),
                writing("frame-reuse-store-early", "as frame-reuse-store, without the wait")
                        .interesting("ok, 7", Seen.ALWAYS, "a stale translation, or a store still buffered, "
                                + "overwrites the new owner's word")
                        .script(stage -> pageWrite(stage, false)),
                reading("table-reuse", "a PDE is cleared, INVLPG of any page by IPI, wait, the table is reused")
                        .forbidden("9", "INVLPG of any address drops all structure entries of the PCID (SDM 4.10.4.1)")
                        .script(stage -> table(stage, true)),
                reading("table-reuse-early", "as table-reuse, with no invalidation")
                        .interesting("9", Seen.ALWAYS, TABLE_IN_USE).script(stage -> table(stage, false)),
                walking("software-walk",
                        "CPU 1 walks the tables itself, interrupts off; CPU 0 frees a table after an IPI")
                        .forbidden("9", "CPU 1 acknowledges only when it has interrupts on again, after its walk")
                        .script(stage -> softwareWalk(stage, true)),
                walking("software-walk-early", "as software-walk, without the wait for the IPI")
                        .interesting("9", Seen.ALWAYS, "the table is reused between CPU 1's two loads")
                        .script(stage -> softwareWalk(stage, false)));
    }

    private static HardwareTest.Builder reading(String name, String description) {
        return HardwareTest.named(name, description).acceptable("1", Seen.ALWAYS, "before the unmapping, or stale")
                .acceptable("#PF", "the unmapping is seen");
    }

    private static HardwareTest.Builder writing(String name, String description) {
        return HardwareTest.named(name, description).storeBuffer(1)
                .acceptable("ok, 9", Seen.ALWAYS, "the store came before the reuse")
                .acceptable("#PF, 9", Seen.ALWAYS, "the unmapping is seen");
    }

    private static HardwareTest.Builder walking(String name, String description) {
        return HardwareTest.named(name, description).acceptable("1", Seen.ALWAYS, "before the reuse")
                .acceptable("none", Seen.ALWAYS, "the PDE is cleared");
    }

    private static void flush(Core core, Page x, boolean wait) {
        if (wait) {
            core.invlpgAt(1, x);
        } else {
            core.sendIpi(1, Shootdowns.dropping(x));
        }
    }

    private static void pageRead(Stage stage, boolean wait) {
        long frame = stage.frame(1);
        Page x = stage.space().page(0, frame | Stage.DATA);
        stage.warm(1, x);
        stage.speculation(1, x);
        unmapAndReuse(stage, x, frame, wait);
        stage.actor(1, core -> core.observe(0, core.load(x)));
    }

    private static void pageWrite(Stage stage, boolean wait) {
        long frame = stage.frame(1);
        Page x = stage.space().page(0, frame | Stage.DATA);
        stage.warm(1, x);
        Page later = stage.variable(1);
        unmapAndReuse(stage, x, frame, wait);
        stage.actor(1, core -> {
            core.observe(0, core.store(x, 7));
            core.load(later);
        });
        stage.atEnd(() -> Long.toString(stage.peek(frame)));
    }

    private static void unmapAndReuse(Stage stage, Page x, long frame, boolean wait) {
        stage.actor(0, core -> {
            core.exchange(x.entryPaddr(), 0);
            flush(core, x, wait);
            core.exchange(frame, 9);
        });
    }

    /** CPU 1 has the PDE cached, but not x; the table's new owner writes what looks like an entry. */
    private static void table(Stage stage, boolean flush) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page neighbour = stage.variable(1);
        Page elsewhere = stage.variable(64);
        Page pde = stage.space().tableOf(x);
        long secret = stage.frame(9);
        stage.warm(1, neighbour);
        stage.actor(0, core -> {
            core.write(pde.entryPaddr(), 0);
            if (flush) {
                core.invlpgAt(1, elsewhere);
            }
            core.write(x.entryPaddr(), secret | Stage.DATA);
        });
        stage.actor(1, core -> core.observe(0, core.load(x)));
    }

    private static void softwareWalk(Stage stage, boolean wait) {
        Page x = stage.space().page(0, 1);
        Page pde = stage.space().tableOf(x);
        stage.actor(0, core -> {
            core.write(pde.entryPaddr(), 0);
            flush(core, x, wait);
            core.write(x.entryPaddr(), 9);
        });
        stage.actor(1, core -> {
            core.cli();
            long entry = core.read(pde.entryPaddr());
            core.observe(0, "none");
            if (Entry.isPresent(entry)) {
                core.observe(0, core.read(Space.slot(Entry.paddr(entry), x.vaddr(), 1)));
            }
            core.sti();
        });
    }
}
