package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Space;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * One CPU changes an entry and then loads through it: 1 is the old frame's value, 2 the new one's.
 */
final class OwnInvalidation {
    static final String STALE =
            "a cached translation is used whatever memory says, until it is invalidated (SDM 4.10.2.3)";
    private static final String INVLPG = "INVLPG drops what the TLB holds for the page (SDM 4.10.4.1)";
    private static final String STRUCTURES =
            "INVLPG drops all paging-structure-cache entries of the PCID, whatever its address (SDM 4.10.4.1)";
    private static final String USES_STRUCTURES =
            "the walk may begin at a cached PDE, whatever memory says (SDM 4.10.3.2)";

    private OwnInvalidation() {
    }

    static List<HardwareTest> all() {
        return List.of(
                invlpg("invlpg", "the entry is written, INVLPG, load").like("TransForm ptwalk2 (Forbidden)")
                        .forbidden("1", INVLPG)
                        .script(stage -> remap(stage, (core, x) -> core.invlpg(x))),
                one("invlpg-omitted", "the entry is written, load")
                        .like("TransForm mrf1, where every program has the INVLPG")
                        .interesting("1", Seen.WHERE_CACHED, STALE).acceptable("2", "nothing was cached")
                        .script(stage -> remap(stage, (core, x) -> {})),
                one("invlpg-too-early", "INVLPG, the entry is written, load").like("TransForm invlpgtest (Permitted)")
                        .interesting("1", Seen.WHERE_CACHED, "a speculative walk may fill the TLB again at once "
                                + "(SDM 4.10.2.3)")
                        .acceptable("2", Seen.ALWAYS, "nothing was filled between").script(OwnInvalidation::tooEarly),
                one("invlpg-synonym", "two addresses share an entry; INVLPG of the first, load of both")
                        .acceptable("2, 2", "the second address was not cached").interesting("2, 1", Seen.WHERE_CACHED,
                                "INVLPG drops the page of its linear address alone")
                        .forbidden("1, 1", INVLPG).script(OwnInvalidation::synonym),
                invlpg("invlpg-large", "a 2 MiB page is replaced, INVLPG of another address in it, load")
                        .forbidden("1", "INVLPG drops the page of whatever size, by any address in it (SDM 4.10.4.1)")
                        .script(OwnInvalidation::large),
                invlpg("invlpg-global", "the entry of a global page is written, INVLPG, load")
                        .forbidden("1", "INVLPG drops global translations too (SDM 4.10.4.1)")
                        .script(OwnInvalidation::global),
                one("pde-changed", "a PDE is written whose old value is cached, load of a page not cached")
                        .interesting("1", Seen.WHERE_CACHED, USES_STRUCTURES).acceptable("2", "no PDE was cached")
                        .script(stage -> newTable(stage, false)),
                one("pde-changed-invlpg", "as pde-changed, with INVLPG of an address in another GiB")
                        .acceptable("2", Seen.ALWAYS, STRUCTURES).forbidden("1", STRUCTURES)
                        .script(stage -> newTable(stage, true)));
    }

    private static HardwareTest.Builder one(String name, String description) {
        return HardwareTest.named(name, description).cpus(1);
    }

    private static HardwareTest.Builder invlpg(String name, String description) {
        return one(name, description).storeBuffer(1).acceptable("2", Seen.ALWAYS, INVLPG);
    }

    private static void remap(Stage stage, BiConsumer<Core, Page> invalidation) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        long newFrame = stage.frame(2);
        stage.warm(0, x);
        stage.speculation(0, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            invalidation.accept(core, x);
            core.observe(0, core.load(x));
        });
    }

    private static void tooEarly(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        long newFrame = stage.frame(2);
        stage.warm(0, x);
        stage.speculation(0, x);
        stage.actor(0, core -> {
            core.invlpg(x);
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.observe(0, core.load(x));
        });
    }

    private static void synonym(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA);
        stage.variable(64);
        long alias = stage.space().alias(64, x);
        long newFrame = stage.frame(2);
        stage.warm(0, x);
        stage.warm(0, alias);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.invlpg(x);
            core.observe(0, core.load(x));
            core.observe(1, core.load(alias));
        });
    }

    private static void large(Stage stage) {
        Page x = stage.space().largePage(0, stage.largeFrame(1) | Stage.DATA);
        long newFrame = stage.largeFrame(2);
        stage.warm(0, x);
        stage.warm(0, x.vaddr() + 5 * Paging.PAGE_BYTES);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.invlpg(x.vaddr() + 7 * Paging.PAGE_BYTES);
            core.observe(0, core.load(x));
        });
    }

    private static void global(Stage stage) {
        Page x = stage.space().page(0, stage.frame(1) | Stage.DATA | Entry.G);
        long newFrame = stage.frame(2);
        stage.warm(0, x);
        stage.actor(0, core -> {
            core.write(x.entryPaddr(), x.entryFor(newFrame));
            core.invlpg(x);
            core.observe(0, core.load(x));
        });
    }

    /** The neighbour's translation is cached, and with it the PDE above both. */
    private static void newTable(Stage stage, boolean invlpg) {
        Page x = stage.space().fixed(0, stage.frame(1));
        Page neighbour = stage.variable(1);
        Page pde = stage.space().tableOf(x);
        long table = stage.table();
        stage.poke(Space.slot(table, x.vaddr(), 1), stage.frame(2) | Stage.DATA);
        stage.warm(0, neighbour);
        stage.actor(0, core -> {
            core.write(pde.entryPaddr(), table | Space.TABLE);
            if (invlpg) {
                core.invlpg(x.vaddr() + Paging.sizeBytes(3));
            }
            core.observe(0, core.load(x));
        });
    }
}
