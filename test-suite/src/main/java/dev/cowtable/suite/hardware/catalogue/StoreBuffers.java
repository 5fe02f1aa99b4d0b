package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.Consumer;

/** Memory order of user accesses through translation: addresses that are synonyms must behave as one location. */
final class StoreBuffers {
    private static final String DELAYED = "a load may be done before an older store of its CPU (SDM 8.2.3.4)";

    private StoreBuffers() {
    }

    static List<HardwareTest> all() {
        return List.of(
                storeBuffering("sb", "two stores, then loads of the other's location").like("sb, amd5")
                        .interesting("0, 0", Seen.ALWAYS, DELAYED)
                        .script(stage -> sb(stage, core -> {})),
                storeBuffering("sb-mfence", "as sb, with MFENCE between store and load").like("sb+fences, amd5")
                        .forbidden("0, 0", "MFENCE lets no load pass an older store (SDM 8.2.5)")
                        .script(stage -> sb(stage, Core::mfence)),
                storeBuffering("sb-locked", "as sb, with XCHG of a third location between store and load")
                        .like("amd10")
                        .forbidden("0, 0", "loads and stores are not reordered with locked instructions (SDM 8.2.3.9)")
                        .script(StoreBuffers::sbLocked),
                storeBuffering("sb-synonym", "as sb, each CPU by addresses of its own for the same two frames")
                        .like("TransForm new_sb_synonym_permit")
                        .interesting("0, 0", Seen.ALWAYS, DELAYED)
                        .script(StoreBuffers::sbSynonym),
                forwarding(), coherence(), crossedStores(), messagePassing(), iriw());
    }

    private static HardwareTest.Builder storeBuffering(String name, String description) {
        return HardwareTest.named(name, description).storeBuffer(2)
                .acceptable("0, 1", Seen.ALWAYS, "CPU 0 was first")
                .acceptable("1, 0", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("1, 1", Seen.ALWAYS, "both stores were first");
    }

    private static void sb(Stage stage, Consumer<Core> between) {
        Page x = stage.variable(0);
        Page y = stage.variable(1);
        stage.actor(0, core -> storeThenLoad(core, 0, x, y, between));
        stage.actor(1, core -> storeThenLoad(core, 1, y, x, between));
    }

    private static void sbLocked(Stage stage) {
        Page[] locks = {stage.variable(2), stage.variable(3)};
        Page x = stage.variable(0);
        Page y = stage.variable(1);
        stage.actor(0, core -> storeThenLoad(core, 0, x, y, who -> who.exchange(locks[0], 1)));
        stage.actor(1, core -> storeThenLoad(core, 1, y, x, who -> who.exchange(locks[1], 1)));
    }

    private static void sbSynonym(Stage stage) {
        long a = stage.frame(0);
        long b = stage.frame(0);
        Page a0 = stage.space().fixed(0, a);
        Page b0 = stage.space().fixed(1, b);
        Page a1 = stage.space().fixed(2, a);
        Page b1 = stage.space().fixed(3, b);
        stage.actor(0, core -> storeThenLoad(core, 0, a0, b0, who -> {}));
        stage.actor(1, core -> storeThenLoad(core, 1, b1, a1, who -> {}));
    }

    private static void storeThenLoad(Core core, int register, Page mine, Page other, Consumer<Core> between) {
        core.store(mine, 1);
        between.accept(core);
        core.observe(register, core.load(other));
    }

    private static HardwareTest forwarding() {
        return HardwareTest.named("forward-synonym",
                "each CPU stores, loads its store back by another address of the frame, then the other's location")
                .like("n6, iwp2.4").storeBuffer(2)
                .interesting("1, 0, 1, 0", Seen.ALWAYS, "a CPU sees its own store before others do (SDM 8.2.3.5)")
                .acceptable("1, 0, 1, 1", Seen.ALWAYS, "CPU 0 was first")
                .acceptable("1, 1, 1, 0", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("1, 1, 1, 1", Seen.ALWAYS, "both stores were first")
                .forbidden("0, 0, 1, 0", "a buffered store is found by physical address: aliases are one location "
                        + "(SDM 8.2.2)")
                .script(StoreBuffers::forward);
    }

    private static void forward(Stage stage) {
        long a = stage.frame(0);
        long b = stage.frame(0);
        Page[] mine = {stage.space().fixed(0, a), stage.space().fixed(1, b)};
        Page[] synonym = {stage.space().fixed(2, a), stage.space().fixed(3, b)};
        for (int cpu = 0; cpu < 2; cpu++) {
            int me = cpu;
            stage.actor(me, core -> {
                core.store(mine[me], 1);
                core.observe(2 * me, core.load(synonym[me]));
                core.observe(2 * me + 1, core.load(mine[1 - me]));
            });
        }
    }

    private static HardwareTest coherence() {
        return HardwareTest.named("corr-synonym", "two loads of one word by two addresses while another CPU stores it")
                .like("CoRR").storeBuffer(1)
                .acceptable("0, 0", Seen.ALWAYS, "both loads before the store")
                .acceptable("0, 1", Seen.ALWAYS, "the store between the loads")
                .acceptable("1, 1", Seen.ALWAYS, "both loads after the store")
                .forbidden("1, 0", "loads are not reordered, by whatever address (SDM 8.2.3.2)")
                .script(stage -> {
                    long frame = stage.frame(0);
                    Page one = stage.space().fixed(0, frame);
                    Page other = stage.space().fixed(1, frame);
                    stage.actor(0, core -> core.store(one, 1));
                    stage.actor(1, core -> {
                        core.observe(0, core.load(one));
                        core.observe(1, core.load(other));
                    });
                });
    }

    private static HardwareTest crossedStores() {
        return HardwareTest.named("cowr-synonym", "two CPUs store to one word by different addresses and load it back")
                .like("n5; TransForm n5_synonym").storeBuffer(1)
                .acceptable("1, 2", Seen.ALWAYS, "each sees its own store")
                .acceptable("2, 2", Seen.ALWAYS, "CPU 1's store came last")
                .acceptable("1, 1", Seen.ALWAYS, "CPU 0's store came last")
                .forbidden("2, 1", "the stores to one word have one order, by whatever address (SDM 8.2.2)")
                .script(stage -> {
                    long frame = stage.frame(0);
                    for (int cpu = 0; cpu < 2; cpu++) {
                        int me = cpu;
                        Page mine = stage.space().fixed(2 * me, frame);
                        Page synonym = stage.space().fixed(2 * me + 1, frame);
                        stage.actor(me, core -> {
                            core.store(mine, 1 + me);
                            core.observe(me, core.load(synonym));
                        });
                    }
                });
    }

    private static HardwareTest messagePassing() {
        return HardwareTest.named("mp-synonym", "data, then a flag, stored and loaded by different addresses")
                .like("mp, amd3; TransForm mp").storeBuffer(2)
                .acceptable("0, 0", Seen.ALWAYS, "CPU 1 was first")
                .acceptable("0, 1", Seen.ALWAYS, "the data came between the loads")
                .acceptable("1, 1", Seen.ALWAYS, "CPU 0 was first")
                .forbidden("1, 0", "stores become visible in their order, loads are done in theirs (SDM 8.2.3.2)")
                .script(stage -> {
                    long data = stage.frame(0);
                    long flag = stage.frame(0);
                    Page data0 = stage.space().fixed(0, data);
                    Page flag0 = stage.space().fixed(1, flag);
                    Page data1 = stage.space().fixed(2, data);
                    Page flag1 = stage.space().fixed(3, flag);
                    stage.actor(0, core -> {
                        core.store(data0, 1);
                        core.store(flag0, 1);
                    });
                    stage.actor(1, core -> {
                        core.observe(0, core.load(flag1));
                        core.observe(1, core.load(data1));
                    });
                });
    }

    private static HardwareTest iriw() {
        return Quadruples.allowAllBut("1, 0, 1, 0", 0, HardwareTest.named("iriw-synonym",
                "two CPUs store x and y; two load them in opposite orders, each by its own addresses")
                .like("iriw, amd6; iwp2.7").cpus(4).storeBuffer(1)
                .forbidden("1, 0, 1, 0", "stores to different locations are seen in one order by all other CPUs "
                        + "(SDM 8.2.3.7)"))
                .script(StoreBuffers::readTwice);
    }

    private static void readTwice(Stage stage) {
        long[] frames = {stage.frame(0), stage.frame(0)};
        for (int writer = 0; writer < 2; writer++) {
            Page mine = stage.space().fixed(writer, frames[writer]);
            stage.actor(writer, core -> core.store(mine, 1));
        }
        for (int reader = 0; reader < 2; reader++) {
            int me = reader;
            Page first = stage.space().fixed(2 + 2 * me, frames[me]);
            Page second = stage.space().fixed(3 + 2 * me, frames[1 - me]);
            stage.actor(2 + me, core -> {
                core.observe(2 * me, core.load(first));
                core.observe(2 * me + 1, core.load(second));
            });
        }
    }
}
