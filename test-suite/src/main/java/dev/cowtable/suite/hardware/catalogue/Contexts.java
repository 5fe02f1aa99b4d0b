package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.suite.hardware.Core;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.Page;
import dev.cowtable.suite.hardware.Seen;
import dev.cowtable.suite.hardware.Space;
import dev.cowtable.suite.hardware.Stage;
import java.util.List;
import java.util.function.Consumer;

/**
 * What each invalidation drops and what it may leave, with process-context identifiers in use.
 *
 * <pre>
 *  PCID 1: X and OTHER, two pages, and GLOBAL, a global one     PCID 2: X2, at the address of X
 *  all four are cached with 1, then their entries get a frame of 2, then the instruction, then four loads
 * </pre>
 */
final class Contexts {
    private static final int FIRST = 1;
    private static final int SECOND = 2;
    private static final int X = 1 << 3;
    private static final int OTHER = 1 << 2;
    private static final int GLOBAL = 1 << 1;
    private static final int X2 = 1;
    private static final String MAY_STAY = "what the instruction does not name may stay (SDM 4.10.4.1)";

    private Contexts() {
    }

    static List<HardwareTest> all() {
        return List.of(
                drops("context-none", "no instruction at all", 0, run -> {}),
                drops("context-invlpg", "INVLPG of X", X, run -> run.core.invlpg(run.x)),
                drops("context-invlpg-global", "INVLPG of the global page", GLOBAL, run -> run.core.invlpg(run.global)),
                drops("context-invpcid-0", "INVPCID type 0, X of PCID 1", X,
                        run -> run.core.invpcid(0, FIRST, run.x.vaddr())),
                drops("context-invpcid-0-global", "INVPCID type 0, the global page: it does not reach it", 0,
                        run -> run.core.invpcid(0, FIRST, run.global.vaddr())),
                drops("context-invpcid-0-other", "INVPCID type 0, X of PCID 2", X2,
                        run -> run.core.invpcid(0, SECOND, run.x.vaddr())),
                drops("context-invpcid-1", "INVPCID type 1, PCID 1", X | OTHER,
                        run -> run.core.invpcid(1, FIRST, 0)),
                drops("context-invpcid-2", "INVPCID type 2", X | OTHER | GLOBAL | X2,
                        run -> run.core.invpcid(2, 0, 0)),
                drops("context-invpcid-3", "INVPCID type 3", X | OTHER | X2, run -> run.core.invpcid(3, 0, 0)),
                drops("context-cr3", "MOV to CR3 of PCID 1", X | OTHER,
                        run -> run.core.movToCr3(run.first.root() | FIRST)),
                drops("context-cr3-other", "MOV to CR3 of PCID 2 and back, the way back without flush", X2,
                        Run::thereAndBack),
                drops("context-cr3-kept", "MOV to CR3 with bit 63", 0,
                        run -> run.core.movToCr3(run.first.root() | FIRST | ControlRegisters.CR3_NO_FLUSH)),
                drops("context-pge", "CR4.PGE is cleared and set", X | OTHER | GLOBAL | X2, Run::togglePge),
                HardwareTest.named("pcid-apart", "one address in two PCIDs, switching without flushes").cpus(1)
                        .acceptable("1, 2, 1", Seen.ALWAYS,
                                "translations are used under their PCID alone (SDM 4.10.2.2)")
                        .script(Contexts::apart),
                HardwareTest
                        .named("pcid-global", "a global page of PCID 1, then PCID 2, which maps the address otherwise")
                        .cpus(1).interesting("1", Seen.WHERE_CACHED, "a global translation is used under every PCID "
                                + "(SDM 4.10.2.4)")
                        .acceptable("2", "the translation was not cached").script(Contexts::globalEverywhere));
    }

    /** The four pages of a run. */
    private record Run(Core core, Space first, Space second, Page x, Page global) {
        void thereAndBack() {
            core.movToCr3(second.root() | SECOND);
            core.movToCr3(first.root() | FIRST | ControlRegisters.CR3_NO_FLUSH);
        }

        void togglePge() {
            core.movToCr4(Cr4.PAE | Cr4.PCIDE);
            core.movToCr4(Cr4.PAE | Cr4.PCIDE | Cr4.PGE);
        }
    }

    /** Rows: of the dropped ones the new value is loaded, of the others either. */
    private static HardwareTest drops(String name, String instruction, int dropped, Consumer<Run> body) {
        HardwareTest.Builder test = HardwareTest.named(name, "four cached pages are remapped; " + instruction).cpus(1);
        for (int stale = 0; stale <= (X | OTHER | GLOBAL | X2); stale++) {
            if ((stale & dropped) != 0) {
                continue;
            }
            boolean allThatMay = (stale | dropped) == (X | OTHER | GLOBAL | X2);
            if (allThatMay && stale != 0) {
                test.interesting(row(stale), Seen.WHERE_CACHED, MAY_STAY);
            } else {
                test.acceptable(row(stale), stale == 0 && allThatMay ? Seen.ALWAYS : Seen.PERHAPS,
                        "what may stay need not");
            }
        }
        return test.script(stage -> lay(stage, body));
    }

    private static String row(int stale) {
        return value(stale, X) + ", " + value(stale, OTHER) + ", " + value(stale, GLOBAL) + ", " + value(stale, X2);
    }

    private static int value(int stale, int page) {
        return (stale & page) != 0 ? 1 : 2;
    }

    private static void lay(Stage stage, Consumer<Run> body) {
        Space first = stage.space();
        Space second = stage.newSpace();
        Page x = first.page(0, stage.frame(1) | Stage.DATA);
        Page other = first.page(1, stage.frame(1) | Stage.DATA);
        Page global = first.page(2, stage.frame(1) | Stage.DATA | Entry.G);
        Page x2 = second.page(0, stage.frame(1) | Stage.DATA);
        long newFrame = stage.frame(2);
        begin(stage, second);
        stage.warm(0, x2);
        stage.cpu(0).movToCr3(first.root() | FIRST);
        stage.warm(0, x);
        stage.warm(0, other);
        stage.warm(0, global);
        stage.actor(0, core -> {
            for (Page page : List.of(x, other, global, x2)) {
                core.write(page.entryPaddr(), page.entryFor(newFrame));
            }
            body.accept(new Run(core, first, second, x, global));
            core.observe(0, core.load(x));
            core.observe(1, core.load(other));
            core.observe(2, core.load(global));
            core.movToCr3(second.root() | SECOND | ControlRegisters.CR3_NO_FLUSH);
            core.observe(3, core.load(x2));
        });
    }

    /** PCIDs on, and the CPU in the second space. */
    private static void begin(Stage stage, Space second) {
        stage.cpu(0).movToCr4(Cr4.PAE | Cr4.PGE | Cr4.PCIDE);
        stage.cpu(0).movToCr3(second.root() | SECOND);
    }

    private static void apart(Stage stage) {
        Space first = stage.space();
        Space second = stage.newSpace();
        Page x = first.fixed(0, stage.frame(1));
        second.fixed(0, stage.frame(2));
        begin(stage, second);
        stage.cpu(0).movToCr3(first.root() | FIRST);
        stage.actor(0, core -> {
            core.observe(0, core.load(x));
            core.movToCr3(second.root() | SECOND | ControlRegisters.CR3_NO_FLUSH);
            core.observe(1, core.load(x));
            core.movToCr3(first.root() | FIRST | ControlRegisters.CR3_NO_FLUSH);
            core.observe(2, core.load(x));
        });
    }

    private static void globalEverywhere(Stage stage) {
        Space first = stage.space();
        Space second = stage.newSpace();
        Page x = first.page(0, stage.frame(1) | Stage.DATA | Entry.G);
        second.fixed(0, stage.frame(2));
        begin(stage, second);
        stage.cpu(0).movToCr3(first.root() | FIRST);
        stage.warm(0, x);
        stage.actor(0, core -> {
            core.movToCr3(second.root() | SECOND);
            core.observe(0, core.load(x));
        });
    }
}
