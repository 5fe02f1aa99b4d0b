package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VectorCheckerTest {
    private static final CpuModel FOUR = new CpuModel(Vendor.INTEL, 48, true, false, false);
    private static final CpuModel FIVE = new CpuModel(Vendor.INTEL, 48, true, true, false);

    private static final String OK = "1 cpl=3 wp=1 nxe=1 access=w size=1 va=8080604123 l4=1007 l3=2007 l2=3007 l1=4007 "
            + "=> ok pa=4123 l4=1027 l3=2027 l2=3027 l1=4067";
    private static final String LA57 =
            "1 cpl=0 wp=1 nxe=1 access=r size=1 va=1008080604123 l5=5001 l4=1001 l3=40000001081 "
                    + "=> ok pa=40000604123 l5=5021 l4=1021 l3=400000010a1";
    private static final String PF = "1 cpl=3 wp=1 nxe=1 access=w size=1 va=8080604123 l4=1007 l3=2007 l2=3007 l1=4005 "
            + "=> pf ec=7 cr2=8080604123 l4=1007 l3=2007 l2=3007 l1=4005";
    private static final String ABSENT = "1 cpl=0 wp=1 nxe=1 access=r size=1 va=8080604123 l4=1007 l3=0 "
            + "=> pf ec=0 cr2=8080604123 l4=1007 l3=0";
    private static final String GP = "1 cpl=0 wp=1 nxe=1 access=r size=1 va=800000000000 => gp";

    @Test
    void theEmulatorAgreesWithEachUnchangedLine() {
        for (String line : new String[] {OK, PF, ABSENT, GP}) {
            assertThat(check(FOUR, line)).isNull();
        }
        assertThat(check(FIVE, LA57)).isNull();
    }

    /** One change of the recorded result a row. */
    @ParameterizedTest(name = "{0}: {1} becomes {2}")
    @CsvSource(delimiter = '|', textBlock = """
            OK     | pa=4123        | pa=4124               | pa 4124 4123
            OK     | 1027 l3=2027   | 1007 l3=2027          | l4 1007 1027
            OK     | l3=2027        | l3=2007               | l3 2007 2027
            OK     | l2=3027        | l2=302f               | l2 302f 3027
            OK     | l1=4067        | l1=4027               | l1 4027 4067
            OK     | ' l1=4067'     | ''                    | l1 - 4067
            OK     | ok pa=4123     | pf ec=7 cr2=8080604123| result pf ok
            LA57   | l5=5021        | l5=5001               | l5 5001 5021
            LA57   | pa=40000604123 | pa=604123             | pa 604123 40000604123
            LA57   | l3=400000010a1 | l3=400000010a1 l2=0   | l2 0 -
            PF     | ec=7           | ec=5                  | ec 5 7
            PF     | ec=7           | ec=80000007           | ec 80000007 7
            PF     | cr2=8080604123 | cr2=8080604000        | cr2 8080604000 8080604123
            PF     | l4=1007        | l4=1047               | l4 1047 1007
            PF     | l2=3007        | l2=3003               | l2 3003 3007
            PF     | l1=4005        | l1=4025               | l1 4025 4005
            ABSENT | ' l3=0'        | ''                    | l3 - 0
            ABSENT | l3=0 =>        | l3=20 =>              | l3 0 20
            GP     | gp             | ok pa=0 l4=0          | result ok gp
            """)
    void eachChangedFieldIsTheOneThatIsReported(String name, String from, String to, String difference) {
        String line = line(name);
        assertThat(line).contains(from);
        int at = line.lastIndexOf(from);
        String changed = line.substring(0, at) + to + line.substring(at + from.length());
        assertThat(check(name.equals("LA57") ? FIVE : FOUR, changed)).hasToString(difference);
    }

    @Test
    void theAccessedBitAboveAFailingEntryIsLeftOpen() {
        assertThat(check(FOUR, PF.replaceAll("l4=1007 l3=2007 l2=3007 l1=4005$", "l4=1027 l3=2007 l2=3027 l1=4005")))
                .isNull();
        assertThat(check(FOUR, ABSENT.replaceAll("l4=1007 l3=0$", "l4=1027 l3=0"))).isNull();
    }

    /** Accesses of one address that one control decides, and the leaf's last bits. */
    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            cpl=0 access=w wp=0                      | 4001             | ok pa=4000 l1=4061
            cpl=0 access=w wp=1                      | 4001             | pf ec=3 l1=4001
            cpl=0 access=x nxe=1                     | 8000000000004001 | pf ec=11 l1=8000000000004001
            cpl=0 access=x nxe=0                     | 8000000000004001 | pf ec=9 l1=8000000000004001
            cpl=0 access=x smep=1                    | 4005             | pf ec=11 l1=4005
            cpl=0 access=x smep=0                    | 4005             | ok pa=4000 l1=4025
            cpl=0 access=r smap=1                    | 4005             | pf ec=1 l1=4005
            cpl=0 access=r smap=1 ac=1               | 4005             | ok pa=4000 l1=4025
            cpl=3 access=kr smap=1 ac=1              | 4005             | pf ec=1 l1=4005
            cpl=3 access=kr ac=1                     | 4001             | ok pa=4000 l1=4021
            cpl=3 access=r ac=1                      | 4001             | pf ec=5 l1=4001
            cpl=3 access=r pke=1 pkru=4              | 800000000004005  | pf ec=25 l1=800000000004005
            cpl=3 access=r pke=1 pkru=8              | 800000000004005  | ok pa=4000 l1=800000000004025
            cpl=3 access=r pkru=4                    | 800000000004005  | ok pa=4000 l1=800000000004025
            cpl=0 access=w pks=1 pkrs=8 wp=1         | 800000000004003  | pf ec=23 l1=800000000004003
            cpl=0 access=w pks=1 pkrs=8 wp=0         | 800000000004003  | ok pa=4000 l1=800000000004063
            cpl=0 access=w pke=1 pkru=8 pkrs=8 wp=1  | 800000000004003  | ok pa=4000 l1=800000000004063
            """)
    void eachControlDecidesAsTheManualSays(String controls, String leaf, String outcome) {
        String left = outcome.substring(outcome.indexOf("l1="));
        String line = "1 " + controls + " l4=1027 l3=2027 l2=3027 l1=" + leaf + " => "
                + outcome.substring(0, outcome.indexOf("l1=")) + (outcome.startsWith("pf") ? "cr2=0 " : "")
                + "l4=1027 l3=2027 l2=3027 " + left;
        String plain = controls.contains("nxe") ? line : line.replace("1 cpl", "1 nxe=1 cpl");
        assertThat(check(FOUR, plain)).as(plain).isNull();
    }

    @Test
    void modelsMayChangeFromVectorToVector() {
        VectorChecker checker = new VectorChecker();
        String bit8 =
                "1 cpl=0 wp=1 nxe=1 access=r size=1 va=8080604123 l4=1107 l3=0 => pf ec=0 cr2=8080604123 l4=1107 l3=0";
        RecordedVector vector = VectorTexts.read(VectorFormat.cpuLine(FOUR), bit8).getFirst();
        CpuModel amd = new CpuModel(Vendor.AMD, 48, true, false, false);
        assertThat(checker.check(vector, FOUR)).isNull();
        assertThat(checker.check(vector, amd)).hasToString("ec 0 9");
        assertThat(checker.check(vector, FOUR)).isNull();
    }

    private static VectorChecker.@Nullable Difference check(CpuModel model, String line) {
        return new VectorChecker().check(VectorTexts.read(VectorFormat.cpuLine(model), line).getFirst(), model);
    }

    private static String line(String name) {
        return switch (name) {
            case "OK" -> OK;
            case "LA57" -> LA57;
            case "PF" -> PF;
            case "ABSENT" -> ABSENT;
            default -> GP;
        };
    }
}
