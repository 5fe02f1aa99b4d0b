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

/** The shapes of memory-order tests with a store to an entry among the stores, and changes of rights and page size. */
final class Remaps {
    private static final String WALKED_EARLY = "the translation may be older than the flag (SDM 4.10.2.3)";

    private Remaps() {
    }

    static List<HardwareTest> all() {
        return List.of(
                Shootdowns.flagged("mp-remap", "remap, flag; CPU 1 has cached nothing, but may walk early")
                        .like("mp").storeBuffer(2)
                        .interesting("1, 1", Seen.WHERE_CACHED, WALKED_EARLY)
                        .script(Remaps::messagePassing),
                mapNew(), rwc(false), rwc(true), iriw(),
                revoking("revoke", "R/W is cleared, shootdown, wait, flag")
                        .forbidden("1, ok", "CPU 1 has executed INVLPG (SDM 4.10.5)")
                        .script(stage -> revoke(stage, false, (core, x) -> core.invlpgAt(1, x))),
                revoking("revoke-unflushed", "R/W is cleared, flag")
                        .interesting("1, ok", Seen.WHERE_CACHED, OwnInvalidation.STALE)
                        .script(stage -> revoke(stage, false, (core, x) -> {})),
                revoking("revoke-table", "R/W is cleared in a PDE, INVLPG of the page by IPI, wait, flag")
                        .forbidden("1, ok", "CPU 1 has executed INVLPG (SDM 4.10.5)")
                        .script(stage -> revoke(stage, true, (core, x) -> core.invlpgAt(1, x))),
                revoking("revoke-table-one", "as revoke-table, but the INVLPG is of the page beside")
                        .interesting("1, ok", Seen.WHERE_CACHED, "INVLPG of one page drops the structure entries, but "
                                + "no other page's translation")
                        .script(stage -> revoke(stage, true, Remaps::dropBeside)),
                relax(),
                split("split-large", "a 2 MiB page becomes a table").interesting("1, 1", Seen.WHERE_CACHED,
                        "either page size may be used until an invalidation (SDM 4.10.2.3)")
                        .script(stage -> splitLarge(stage, (core, x) -> {})),
                split("split-large-shootdown", "a 2 MiB page becomes a table, shootdown, wait")
                        .script(stage -> splitLarge(stage, (core, x) -> core.invlpgAt(1, x))));
    }

    private static void messagePassing(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.speculation(1, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.observe(0, core.load(flag));
            core.observe(1, core.load(x));
        });
    }

    private static HardwareTest mapNew() {
        String reason = "what is not present is never cached: making an entry present needs no invalidation "
                + "(SDM 4.10.2.3, 4.10.4.3)";
        return HardwareTest.named("map-new", "an entry is made present, flag; CPU 1 has faulted there, and walks early")
                .storeBuffer(2).acceptable("#PF, 0, #PF", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("#PF, 0, 2", Seen.ALWAYS, "between the loads").acceptable("#PF, 1, 2", Seen.ALWAYS, reason)
                .acceptable("2, 0, 2", Seen.ALWAYS, "before the flag")
                .acceptable("2, 1, 2", Seen.ALWAYS, "CPU 0 was first")
                .forbidden("#PF, 1, #PF", reason).script(stage -> {
                    Page x = stage.space().page(0, 0);
                    Page flag = stage.variable(1);
                    long frame = stage.frame(2);
                    stage.speculation(1, x);
                    stage.actor(0, core -> {
                        core.write(x.entryPaddr(), frame | Stage.DATA);
                        core.store(flag, 1);
                    });
                    stage.actor(1, core -> {
                        core.observe(0, core.load(x));
                        core.observe(1, core.load(flag));
                        core.observe(2, core.load(x));
                    });
                });
    }

    /** CPU 2 has x cached. Registers: CPU 1's x and y, CPU 2's x. */
    private static HardwareTest rwc(boolean invlpg) {
        HardwareTest.Builder test = HardwareTest.named(invlpg ? "rwc-remap-invlpg" : "rwc-remap",
                "CPU 0 remaps x; CPU 1 loads x, y; CPU 2 stores y, " + (invlpg ? "INVLPG" : "MFENCE") + ", loads x")
                .like("rwc").cpus(3).storeBuffer(1);
        for (String first : List.of("1, 0", "1, 1", "2, 0", "2, 1")) {
            test.acceptable(first + ", 2", "one order of the stores explains it");
            if (!first.equals("2, 0")) {
                test.acceptable(first + ", 1", "one order of the stores explains it");
            }
        }
        if (invlpg) {
            test.forbidden("2, 0, 1", "INVLPG waits for the store and drops x: the walk comes after CPU 1's (SDM 8.3)");
        } else {
            test.interesting("2, 0, 1", Seen.WHERE_CACHED, "a fence orders memory, not cached translations");
        }
        return test.script(stage -> rwc(stage, invlpg));
    }

    private static void rwc(Stage stage, boolean invlpg) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page y = stage.variable(1);
        long newFrame = stage.frame(2);
        stage.warm(2, x);
        stage.actor(0, core -> core.write(x.entryPaddr(), x.entryFor(newFrame)));
        stage.actor(1, core -> {
            core.observe(0, core.load(x));
            core.observe(1, core.load(y));
        });
        stage.actor(2, core -> {
            core.store(y, 1);
            if (invlpg) {
                core.invlpg(x);
            } else {
                core.mfence();
            }
            core.observe(2, core.load(x));
        });
    }

    /** Each reader has the page cached that it loads second. */
    private static HardwareTest iriw() {
        return Quadruples.allowAllBut("2, 1, 2, 1", 1, HardwareTest.named("iriw-remap",
                "two CPUs remap a page each; two load both in opposite orders, the second one from a stale translation")
                .like("iriw").cpus(4)
                .interesting("2, 1, 2, 1", Seen.WHERE_CACHED, "the readers disagree on which came first: "
                        + OwnInvalidation.STALE))
                .script(Remaps::iriw);
    }

    private static void iriw(Stage stage) {
        Page[] pages = {stage.space().page(0, stage.frame(1) | Stage.DATA),
                stage.space().page(1, stage.frame(1) | Stage.DATA)};
        long newFrame = stage.frame(2);
        for (int i = 0; i < 2; i++) {
            int me = i;
            stage.actor(me, core -> core.write(pages[me].entryPaddr(), pages[me].entryFor(newFrame)));
            stage.warm(2 + me, pages[1 - me]);
            stage.actor(2 + me, core -> {
                core.observe(2 * me, core.load(pages[me]));
                core.observe(2 * me + 1, core.load(pages[1 - me]));
            });
        }
    }

    /** Rows of: CPU 1 loads the flag, then stores. */
    private static HardwareTest.Builder revoking(String name, String description) {
        return HardwareTest.named(name, description + "; CPU 1 stores")
                .acceptable("0, ok", Seen.ALWAYS, "CPU 1 was first").acceptable("0, #PF", "R/W was cleared between")
                .acceptable("1, #PF", "CPU 0 was first");
    }

    private static void revoke(Stage stage, boolean table, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        Page flag = stage.variable(64);
        long entryPaddr = table ? stage.space().tableOf(x).entryPaddr() : x.entryPaddr();
        stage.warm(1, x);
        stage.actor(0, core -> {
            core.lockedAnd(entryPaddr, ~Entry.RW);
            invalidation.accept(core, x);
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.observe(0, core.load(flag));
            core.observe(1, core.store(x, 7));
        });
    }

    private static void dropBeside(Core core, Page x) {
        core.await(core.sendIpi(1, who -> who.invlpg(Space.vaddr(1))));
    }

    /** CPU 1 has x cached without W. */
    private static HardwareTest relax() {
        return HardwareTest.named("relax", "R/W is set, flag; CPU 1 stores, and again if that faults")
                .acceptable("0, #PF, #PF", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("0, #PF, ok", Seen.ALWAYS, "R/W was set between")
                .acceptable("0, ok, -", "R/W was set before the store")
                .acceptable("1, ok, -", "the processor walked again")
                .interesting("1, #PF, ok", Seen.ADVERSARIAL,
                        "a spurious fault; it drops the stale entry (SDM 4.10.4.3)")
                .forbidden("1, #PF, #PF", "a fault drops what was cached for its address: spurious once at most "
                        + "(SDM 4.10.4.1)")
                .script(stage -> {
                    Page x = stage.space().page(0, stage.frame(1) | (Stage.DATA & ~Entry.RW));
                    Page flag = stage.variable(1);
                    stage.warm(1, x);
                    stage.actor(0, core -> {
                        core.lockedOr(x.entryPaddr(), Entry.RW);
                        core.store(flag, 1);
                    });
                    stage.actor(1, core -> storeTwice(core, flag, x));
                });
    }

    private static void storeTwice(Core core, Page flag, Page x) {
        core.observe(2, "-");
        core.observe(0, core.load(flag));
        String first = core.store(x, 7);
        core.observe(1, first);
        if (first.equals("#PF")) {
            core.observe(2, core.store(x, 7));
        }
    }

    /** Rows of: CPU 1 loads the flag, then x. */
    private static HardwareTest.Builder split(String name, String description) {
        return HardwareTest.named(name, description + ", flag; CPU 1 loads").acceptable("0, 1", Seen.ALWAYS,
                "CPU 1 was first").acceptable("0, 2", "between the loads").acceptable("1, 2", "CPU 0 was first");
    }

    private static void splitLarge(Stage stage, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().largePage(0, stage.largeFrame(1) | Stage.DATA);
        Page flag = stage.variable(64);
        long table = stage.table();
        stage.poke(Space.slot(table, x.vaddr(), 1), stage.frame(2) | Stage.DATA);
        stage.warm(1, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), table | Space.TABLE);
            invalidation.accept(core, x);
            core.store(flag, 1);
        });
        stage.actor(1, core -> {
            core.observe(0, core.load(flag));
            core.observe(1, core.load(x));
        });
    }
}
