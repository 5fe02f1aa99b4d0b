package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What each operation drops, of what a CPU can have cached (SDM volume 3, 4.10.4.1 and 4.10.4.3; APM volume 3,
 * INVLPGB): {@code x} is gone, {@code .} stays, on every policy that caches, vendor and number of levels.
 *
 * <p>Columns: pages of the current PCID (4 KiB, 2 MiB, 1 GiB page of the address; another address), of another PCID
 * (same address, another), global (same address filled under this and under the other PCID; another address, likewise),
 * paging-structure entries (of the address and of another under the current PCID; likewise under the other).
 */
class InvalidationTableTest {
    private static final String WITH_PCIDS = """
            INVLPG                   xxx. .. xx.. xx..
            INVLPG_NOT_CANONICAL     .... .. .... ....
            INVPCID_0_OWN            xxx. .. .... xx..
            INVPCID_0_FOREIGN        .... x. .... ..xx
            INVPCID_1_OWN            xxxx .. .... xx..
            INVPCID_1_FOREIGN        .... xx .... ..xx
            INVPCID_2                xxxx xx xxxx xxxx
            INVPCID_3                xxxx xx .... xxxx
            MOV_CR3_OWN              xxxx .. .... xx..
            MOV_CR3_FOREIGN          .... xx .... ..xx
            MOV_CR3_OWN_BIT_63       .... .. .... ....
            MOV_CR3_FOREIGN_BIT_63   .... .. .... ....
            CR4_UNCHANGED            .... .. .... ....
            CR4_PGE_CLEARED          xxxx xx xxxx xxxx
            CR4_PGE_SET              xxxx xx xxxx xxxx
            CR4_PCIDE_CLEARED        xxxx xx xxxx xxxx
            CR4_SMEP_SET             xxxx .. xxxx xx..
            CR4_SMEP_CLEARED         .... .. .... ....
            CR4_SMAP_SET             .... .. .... ....
            CR4_SMAP_CLEARED         .... .. .... ....
            CR4_PKE_SET              .... .. .... ....
            CR4_PKE_CLEARED          .... .. .... ....
            CR4_PKS_SET              .... .. .... ....
            CR4_PKS_CLEARED          .... .. .... ....
            CR0_WP_TOGGLED           .... .. .... ....
            WRPKRU                   .... .. .... ....
            WRITE_PKRS               .... .. .... ....
            STAC                     .... .. .... ....
            EFER_UNCHANGED           .... .. .... ....
            EFER_NXE_CLEARED         xxxx xx xxxx xxxx
            EFER_NXE_TOGGLED         xxxx xx xxxx xxxx
            MFENCE                   .... .. .... ....
            PAGE_FAULT               xxx. .. xx.. x...
            INVLPGB_PAGE             xxx. x. .... xxxx
            INVLPGB_PAGE_GLOBAL      xxx. x. xx.. xxxx
            INVLPGB_PAGE_FINAL       xxx. x. .... ....
            INVLPGB_PAGE_OWN         xxx. .. .... xx..
            INVLPGB_PAGE_OWN_GLOBAL  xxx. .. xx.. xx..
            INVLPGB_PAGE_FOREIGN     .... x. .... ..xx
            INVLPGB_ALL              xxxx xx .... xxxx
            INVLPGB_ALL_GLOBAL       xxxx xx xxxx xxxx
            INVLPGB_ALL_FINAL        xxxx xx .... ....
            INVLPGB_OWN              xxxx .. .... xx..
            INVLPGB_OWN_GLOBAL       xxxx .. xxxx xx..
            INVLPGB_FOREIGN_FINAL    .... xx .... ....
            """;

    /** With CR4.PCIDE=0 there is one PCID, 0, so the columns of others are empty. */
    private static final String WITHOUT_PCIDS = """
            INVLPG                   xxx.    x .  xx
            MOV_CR3_OWN              xxxx    . .  xx
            INVPCID_2                xxxx    x x  xx
            INVPCID_3                xxxx    . .  xx
            CR4_UNCHANGED            ....    . .  ..
            CR4_PGE_CLEARED          xxxx    x x  xx
            CR4_PGE_SET              xxxx    x x  xx
            CR4_PCIDE_SET            ....    . .  ..
            CR4_SMEP_SET             xxxx    x x  xx
            CR4_SMEP_CLEARED         ....    . .  ..
            CR4_SMAP_SET             ....    . .  ..
            CR0_WP_TOGGLED           ....    . .  ..
            EFER_NXE_CLEARED         xxxx    x x  xx
            PAGE_FAULT               xxx.    x .  x.
            INVLPGB_PAGE             xxx.    . .  xx
            INVLPGB_ALL_GLOBAL       xxxx    x x  xx
            """;

    private static final TlbGeometry.Size FOUR_BY_FOUR = new TlbGeometry.Size(4, 4);
    private static final TlbGeometry SMALL = new TlbGeometry(FOUR_BY_FOUR, FOUR_BY_FOUR, FOUR_BY_FOUR, FOUR_BY_FOUR,
            FOUR_BY_FOUR, FOUR_BY_FOUR);
    private static final List<CachedThing> ALL_THINGS = List.of(CachedThing.values());
    private static final List<CachedThing> OWN_THINGS = ALL_THINGS.stream().filter(thing -> thing.own).toList();

    private record Row(Operation operation, String fate) {
        static Row of(String line) {
            String[] words = line.split(" +", 2);
            return new Row(Operation.valueOf(words[0]), words[1].replace(" ", ""));
        }
    }

    record Setting(CpuModel model, int levels, TlbPolicy policy) {
        Machine.Builder builder() {
            return Machine.builder().model(model).pagingLevels(levels).tlbPolicy(policy).tlbGeometry(SMALL);
        }
    }

    static List<Setting> settings() {
        return List.of(setting(Vendor.INTEL, 4, TlbPolicy.REALISTIC), setting(Vendor.INTEL, 4, TlbPolicy.ADVERSARIAL),
                setting(Vendor.AMD, 5, TlbPolicy.REALISTIC), setting(Vendor.AMD, 5, TlbPolicy.ADVERSARIAL),
                setting(Vendor.INTEL, 5, TlbPolicy.NONE));
    }

    private static Setting setting(Vendor vendor, int levels, TlbPolicy policy) {
        return new Setting(new CpuModel(vendor, 52, true, true, true), levels, policy);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void eachOperationDropsWhatTheManualsTableSays(Setting setting) {
        WITH_PCIDS.lines().map(Row::of).forEach(row -> check(setting, true, ALL_THINGS, row, false));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void eachOperationDropsWhatTheManualsTableSaysWithoutPcids(Setting setting) {
        WITHOUT_PCIDS.lines().map(Row::of).forEach(row -> check(setting, false, OWN_THINGS, row, false));
    }

    @ParameterizedTest
    @EnumSource
    void anotherCpuDropsNothingHereButByBroadcast(TlbPolicy policy) {
        Setting setting = setting(Vendor.INTEL, 4, policy);
        WITH_PCIDS.lines().map(Row::of).forEach(row -> check(setting, true, ALL_THINGS, row, true));
    }

    @Test
    void everyOperationHasARow() {
        EnumSet<Operation> missing = EnumSet.allOf(Operation.class);
        (WITH_PCIDS + WITHOUT_PCIDS).lines().map(Row::of).forEach(row -> missing.remove(row.operation));
        assertThat(missing).isEmpty();
    }

    private static void check(Setting setting, boolean pcide, List<CachedThing> things, Row row, boolean byOther) {
        assertThat(row.fate).hasSize(things.size());
        for (int column = 0; column < things.size(); column++) {
            boolean dropped = row.fate.charAt(column) == 'x' && (!byOther || row.operation.isBroadcast());
            checkCell(setting, pcide, things.get(column), row.operation, dropped, byOther);
        }
    }

    private static void checkCell(Setting setting, boolean pcide, CachedThing thing, Operation operation,
            boolean dropped, boolean byOther) {
        String what = operation + " on " + thing + " " + setting + (byOther ? " by the other CPU" : "");
        boolean caches = setting.policy != TlbPolicy.NONE;
        InvalidationLab lab = new InvalidationLab(setting.builder(), pcide, operation);
        lab.fill(thing);
        assertThat(lab.isHeld(thing)).as("before " + what).isEqualTo(caches);
        operation.run(byOther ? lab.otherCpu : lab.cpu, lab);
        assertThat(lab.isHeld(thing)).as("held after " + what).isEqualTo(caches && !dropped);
        assertThat(lab.isUsed(thing)).as("used after " + what).isEqualTo(caches && !dropped);
    }
}
