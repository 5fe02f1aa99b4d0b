package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Space;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** CPU 1 stores through an entry while CPU 0 changes it. A lost dirty flag is a store that nobody will write back. */
final class DirtyFlags {
    /** An entry of a page that can be written and has not been. */
    static final long CLEAN = Entry.P | Entry.RW | Entry.US | Entry.A;
    private static final long SOFTWARE = 1L << 9;
    private static final String LOCKED =
            "D is set by a locked read-modify-write, and only while R/W allows the store (SDM 4.8)";

    private DirtyFlags() {
    }

    static List<HardwareTest> all() {
        return List.of(
                protecting("dirty-plain", "R/W is cleared by a load and a store")
                        .interesting("ok, D=0", Seen.ALWAYS,
                                "CPU 0's plain store overwrites the D that was set between")
                        .script(stage -> protect(stage, DirtyFlags::plainProtect)),
                protecting("dirty-locked-and", "R/W is cleared by a locked AND")
                        .forbidden("ok, D=0", LOCKED)
                        .script(stage -> protect(stage, (core, x) -> core.lockedAnd(x.entryPaddr(), ~Entry.RW))),
                protecting("dirty-exchange", "the entry is taken out by XCHG and written back without R/W")
                        .forbidden("ok, D=0", LOCKED + "; what XCHG took out cannot be set any more")
                        .script(stage -> protect(stage, DirtyFlags::exchangeProtect)),
                protecting("dirty-cmpxchg", "R/W is cleared by a load and CMPXCHG until it succeeds")
                        .forbidden("ok, D=0", LOCKED + "; CMPXCHG fails if D was set between")
                        .script(stage -> protect(stage, DirtyFlags::compareProtect)),
                HardwareTest.named("dirty-permitted", "R/W is set by a locked OR while CPU 1 stores")
                        .acceptable("#PF, D=0", Seen.ALWAYS, "the store was first")
                        .acceptable("ok, D=1", Seen.ALWAYS, "the OR was first")
                        .forbidden("#PF, D=1", "an access that faults leaves D alone (SDM 4.8)")
                        .forbidden("ok, D=0", LOCKED).script(DirtyFlags::permit),
                HardwareTest
                        .named("dirty-atomic", "two CPUs store through one entry, a third sets a software bit in it")
                        .cpus(3).acceptable("D=1, S=1", Seen.ALWAYS, "all updates are locked (SDM 4.8)")
                        .script(DirtyFlags::atomic),
                HardwareTest.named("dirty-before-store", "CPU 0 reads the word, then the entry, while CPU 1 stores")
                        .storeBuffer(1)
                        .acceptable("1, D=0", Seen.ALWAYS, "CPU 0 was first")
                        .acceptable("1, D=1", Seen.ALWAYS, "D is set before the store is seen")
                        .acceptable("7, D=1", Seen.ALWAYS, "CPU 1 was first")
                        .forbidden("7, D=0", "D is set before memory sees the store (SDM 4.8)")
                        .script(DirtyFlags::beforeStore),
                own("dirty-own", "a CPU stores, then loads the word by another address")
                        .like("TransForm dirtybittest, dirtybit5, dirtybit6")
                        .acceptable("7, D=1, 1", Seen.ALWAYS, "the load walks, and sees its CPU's own store")
                        .script(DirtyFlags::storeThenLoad),
                own("dirty-own-remap", "a page is remapped, INVLPG, store, load").like("TransForm dirtybit2")
                        .acceptable("7, D=1, 1", Seen.ALWAYS, "the store and D reach the new frame and entry")
                        .script(stage -> remapThen(stage, core -> {})),
                own("dirty-own-remap-load", "a page is remapped, INVLPG, load, store, load")
                        .like("TransForm dirtybit3, dirtybit4")
                        .acceptable("7, D=1, 1", Seen.ALWAYS,
                                "a store through an entry cached with D=0 sets D (SDM 4.8)")
                        .script(stage -> remapThen(stage, core -> core.load(Space.vaddr(0)))),
                readBack("dirty-read-back", "a CPU stores, then reads the entry by an address of its own for the table")
                        .acceptable("D=0", "the load may be done before the older store (SDM 8.2.3.4)")
                        .script(stage -> readBack(stage, false)),
                readBack("dirty-read-back-mfence", "as dirty-read-back, with MFENCE between")
                        .forbidden("D=0", "MFENCE: the store and what it does to the entry are over (SDM 8.2.5)")
                        .script(stage -> readBack(stage, true)));
    }

    /** Rows of: CPU 1's store, D at the end. */
    private static HardwareTest.Builder protecting(String name, String what) {
        return HardwareTest.named(name, what + " while CPU 1 stores")
                .acceptable("ok, D=1", Seen.ALWAYS, "the store was first; D=1 with R/W=0 is what SDM 4.8 warns of")
                .acceptable("#PF, D=0", Seen.ALWAYS, "R/W was cleared first");
    }

    /** CPU 1 has the entry cached with D=0, so its store walks again. */
    private static void protect(Stage stage, BiConsumer<Core, Page> change) {
        Page x = stage.space().page(0, stage.frame(1) | CLEAN);
        stage.warm(1, x);
        stage.actor(0, core -> change.accept(core, x));
        stage.actor(1, core -> core.observe(0, core.store(x, 7)));
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
    }

    private static void plainProtect(Core core, Page x) {
        core.write(x.entryPaddr(), core.read(x.entryPaddr()) & ~Entry.RW);
    }

    private static void exchangeProtect(Core core, Page x) {
        core.write(x.entryPaddr(), core.exchange(x.entryPaddr(), 0) & ~Entry.RW);
    }

    private static void compareProtect(Core core, Page x) {
        long entry = core.read(x.entryPaddr());
        long found = core.compareAndExchange(x.entryPaddr(), entry, entry & ~Entry.RW);
        while (found != entry) {
            entry = found;
            found = core.compareAndExchange(x.entryPaddr(), entry, entry & ~Entry.RW);
        }
    }

    private static void permit(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | (CLEAN & ~Entry.RW));
        stage.actor(0, core -> core.lockedOr(x.entryPaddr(), Entry.RW));
        stage.actor(1, core -> core.observe(0, core.store(x, 7)));
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
    }

    private static void atomic(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | (CLEAN & ~Entry.A));
        stage.actor(0, core -> core.lockedOr(x.entryPaddr(), SOFTWARE));
        stage.actor(1, core -> core.store(x, 7));
        stage.actor(2, core -> core.store(x, 8));
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
        stage.flagAtEnd("S", x.entryPaddr(), SOFTWARE);
    }

    private static void beforeStore(Stage stage) {
        long frame = stage.frame(1);
        Page x = stage.space().page(0, frame | CLEAN);
        stage.actor(0, core -> {
            core.observe(0, core.read(frame));
            core.observe(1, dirty(core.read(x.entryPaddr())));
        });
        stage.actor(1, core -> core.store(x, 7));
    }

    private static String dirty(long entry) {
        return Entry.isDirty(entry) ? "D=1" : "D=0";
    }

    /** Rows of: the load, D of the entry in use, the word in a frame that is not in use. */
    private static HardwareTest.Builder own(String name, String description) {
        return HardwareTest.named(name, description).cpus(1).storeBuffer(1);
    }

    private static void storeThenLoad(Stage stage) {
        long frame = stage.frame(1);
        Page x = stage.space().page(0, frame | CLEAN);
        Page synonym = stage.space().fixed(1, frame);
        stage.speculation(0, x);
        stage.actor(0, core -> {
            core.store(x, 7);
            core.observe(0, core.load(synonym));
        });
        endings(stage, x, stage.frame(1));
    }

    private static void remapThen(Stage stage, Consumer<Core> before) {
        long oldFrame = stage.frame(1);
        Page x = stage.space().page(0, oldFrame | Stage.DATA);
        long newFrame = stage.frame(2);
        stage.warm(0, x);
        stage.speculation(0, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), newFrame | CLEAN);
            core.invlpg(x);
            before.accept(core);
            core.store(x, 7);
            core.observe(0, core.load(x));
        });
        endings(stage, x, oldFrame);
    }

    private static void endings(Stage stage, Page x, long unusedFrame) {
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
        stage.atEnd(() -> Long.toString(stage.peek(unusedFrame)));
    }

    private static HardwareTest.Builder readBack(String name, String description) {
        return HardwareTest.named(name, description).like("TransForm intelbug (Permitted)").cpus(1).storeBuffer(1)
                .acceptable("D=1", Seen.ALWAYS, "in program order");
    }

    private static void readBack(Stage stage, boolean fenced) {
        Page x = stage.space().page(0, stage.frame(1) | CLEAN);
        Page table = stage.space().fixed(1, Entry.paddr(x.entryPaddr()));
        long offset = x.entryPaddr() - Entry.paddr(x.entryPaddr());
        stage.actor(0, core -> {
            core.store(x, 7);
            if (fenced) {
                core.mfence();
            }
            core.observe(0, dirty(Long.parseLong(core.load(table.vaddr() + offset))));
        });
    }
}
