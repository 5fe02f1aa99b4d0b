package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** CPU 0 clears A or D to see whether the page is used again: that needs an invalidation where it is cached. */
final class ClearedFlags {
    private static final String NOT_SET_AGAIN =
            "an access through a cached translation need not set the flag again (SDM 4.10.4.2)";
    private static final String SET_AGAIN = "after the invalidation the access walks and sets the flag (SDM 4.8)";

    private ClearedFlags() {
    }

    static List<HardwareTest> all() {
        return List.of(
                clearing("dirty-cleared", "D is cleared, flag; CPU 1 stores", "ok, D")
                        .interesting("1, ok, D=0", Seen.WHERE_CACHED, NOT_SET_AGAIN)
                        .script(stage -> dirty(stage, (core, x) -> {})),
                clearing("dirty-cleared-flushed", "D is cleared, shootdown, wait, flag; CPU 1 stores", "ok, D")
                        .forbidden("1, ok, D=0", SET_AGAIN)
                        .script(stage -> dirty(stage, (core, x) -> core.invlpgAt(1, x))),
                clearing("accessed-cleared", "A is cleared, flag; CPU 1 loads", "1, A")
                        .interesting("1, 1, A=0", Seen.WHERE_CACHED, NOT_SET_AGAIN)
                        .script(stage -> accessed(stage, (core, x) -> {})),
                clearing("accessed-cleared-flushed", "A is cleared, shootdown, wait, flag; CPU 1 loads", "1, A")
                        .forbidden("1, 1, A=0", SET_AGAIN)
                        .script(stage -> accessed(stage, (core, x) -> core.invlpgAt(1, x))),
                cleaning("clean-page", "D is cleared, shootdown, wait, the frame is written back; CPU 1 stores")
                        .forbidden("1, D=0", "after the shootdown CPU 1's older stores are in memory, and later ones "
                                + "set D (SDM 4.8, 8.3)")
                        .script(stage -> clean(stage, (core, x) -> core.invlpgAt(1, x))),
                cleaning("clean-page-unflushed", "as clean-page, without the shootdown")
                        .interesting("1, D=0", Seen.ALWAYS, "the store is lost: " + NOT_SET_AGAIN)
                        .script(stage -> clean(stage, (core, x) -> {})),
                HardwareTest.named("speculative-flags", "a speculative walk to a page that is never accessed").cpus(1)
                        .acceptable("A=0, D=0", Seen.ALWAYS, "no walk was made")
                        .interesting("A=1, D=0", Seen.ALWAYS, "A may be set for an access that is never made (SDM 4.8)")
                        .forbidden("A=1, D=1", "D is never set speculatively (SDM 4.8)")
                        .script(ClearedFlags::speculative),
                HardwareTest
                        .named("accessed-locked", "A is set by a load while CPU 0 sets a software bit by a locked OR")
                        .acceptable("A=1, S=1", Seen.ALWAYS, "A is set by a locked read-modify-write (SDM 4.8)")
                        .script(stage -> softwareBit(stage, core -> core::lockedOr)),
                HardwareTest.named("accessed-plain", "as accessed-locked, by a load and a store")
                        .acceptable("A=1, S=1", Seen.ALWAYS, "no overlap")
                        .interesting("A=0, S=1", Seen.ALWAYS,
                                "CPU 0's plain store overwrites the A that was set between")
                        .script(stage -> softwareBit(stage, core -> (paddr, bits) -> core.write(paddr,
                                core.read(paddr) | bits))));
    }

    /** Rows of: the flag in memory, CPU 1's access, A or D at the end. */
    private static HardwareTest.Builder clearing(String name, String description, String rest) {
        return HardwareTest.named(name, description)
                .acceptable("0, " + rest + "=0", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("0, " + rest + "=1", "the access came between")
                .acceptable("1, " + rest + "=1", "CPU 0 was first");
    }

    private static void dirty(Stage stage, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        clear(stage, x, Entry.D, invalidation, core -> core.store(x, 7));
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
    }

    private static void accessed(Stage stage, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        clear(stage, x, Entry.A, invalidation, core -> core.load(x));
        stage.flagAtEnd("A", x.entryPaddr(), Entry.A);
    }

    private static void clear(Stage stage, Page x, long entryFlag, BiConsumer<Core, Page> invalidation,
            Function<Core, String> access) {
        Page flag = stage.variable(1);
        stage.warm(1, x);
        stage.actor(0, core -> {
            core.lockedAnd(x.entryPaddr(), ~entryFlag);
            invalidation.accept(core, x);
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.observe(0, core.load(flag));
            core.observe(1, access.apply(core));
        });
    }

    /** Rows of: what was written back, D at the end. */
    private static HardwareTest.Builder cleaning(String name, String description) {
        return HardwareTest.named(name, description).storeBuffer(1)
                .acceptable("7, D=0", Seen.ALWAYS, "the store is written back")
                .acceptable("7, D=1", "the store is written back, and will be again")
                .acceptable("1, D=1", "the store came after and will be written back");
    }

    private static void clean(Stage stage, BiConsumer<Core, Page> invalidation) {
        long frame = stage.frame(1);
        Page x = stage.space().page(0, frame | Stage.DATA);
        stage.warm(1, x);
        stage.actor(0, core -> {
            core.lockedAnd(x.entryPaddr(), ~Entry.D);
            invalidation.accept(core, x);
            core.observe(0, core.read(frame));
        });
        stage.actor(1, core -> core.store(x, 7));
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
    }

    private static void speculative(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | (DirtyFlags.CLEAN & ~Entry.A));
        Page y = stage.variable(1);
        stage.speculation(0, x);
        stage.actor(0, core -> core.store(y, 1));
        stage.flagAtEnd("A", x.entryPaddr(), Entry.A);
        stage.flagAtEnd("D", x.entryPaddr(), Entry.D);
    }

    /** Sets bits in a word of memory. */
    private interface Setter {
        void set(long paddr, long bits);
    }

    private static void softwareBit(Stage stage, Function<Core, Setter> way) {
        long software = 1L << 9;
        Page x = stage.space().page(0, stage.frame(1) | (DirtyFlags.CLEAN & ~Entry.A));
        stage.actor(0, core -> way.apply(core).set(x.entryPaddr(), software));
        stage.actor(1, core -> core.load(x));
        stage.flagAtEnd("A", x.entryPaddr(), Entry.A);
        stage.flagAtEnd("S", x.entryPaddr(), software);
    }
}
