package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VectorParserTest {
    private static final String CPU = "cpu vendor=intel maxphyaddr=48 gb1=1 la57=0";

    /** One broken third line a row. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            cpu vendor=via maxphyaddr=48               | vendor=via is not one of amd, intel
            cpu vendor=amd                             | a cpu line needs vendor= and maxphyaddr=
            cpu maxphyaddr=48                          | a cpu line needs vendor= and maxphyaddr=
            cpu vendor=amd maxphyaddr=35               | MAXPHYADDR 35 is not 36 to 52
            cpu vendor=amd maxphyaddr=53               | MAXPHYADDR 53 is not 36 to 52
            cpu vendor=amd maxphyaddr=4294967336       | MAXPHYADDR 2147483647 is not 36 to 52
            cpu vendor=amd maxphyaddr=3a               | malformed maxphyaddr '3a'
            cpu vendor=amd maxphyaddr=48 gb1=2         | gb1=2 is not one of 0, 1
            cpu vendor=amd maxphyaddr=48 gb1=1 gb1=1   | key 'gb1' is given twice
            cpu vendor=amd maxphyaddr=48 cpl=0         | key 'cpl' does not belong into a cpu line
            cpu vendor=amd maxphyaddr=48 smt=1         | unknown key 'smt'
            cpu vendor=amd maxphyaddr                  | expected key=value, got 'maxphyaddr'
            vector access=r => gp                      | malformed vector number 'vector'
            -1 access=r => gp                          | malformed vector number '-1'
            1f access=r => gp                          | malformed vector number '1f'
            9999999999999999999 access=r => gp         | malformed vector number '9999999999999999999'
            1 access=r                                 | missing '=>' and result
            1 access=r =>                              | missing result
            1 access=r => oops                         | unknown result 'oops'
            1 access=r => gp l4=1                      | unexpected 'l4=1' after gp
            1 => gp                                    | missing access=
            1 access=rw => gp                          | access=rw is not one of r, w, x, kr, kw
            1 access=r colour=1 => gp                  | unknown key 'colour'
            1 access=r vendor=amd => gp                | key 'vendor' does not belong into the input
            1 access=r pa=1 => gp                      | key 'pa' does not belong into the input
            1 access=r access=r => gp                  | key 'access' is given twice
            1 access=r l4=1 l4=1 => gp                 | key 'l4' is given twice
            1 access=r wp => gp                        | expected key=value, got 'wp'
            1 access=r cpl=1 => gp                     | cpl 1 is neither 0 nor 3
            1 access=r cpl=03x => gp                   | malformed cpl '03x'
            1 access=r wp=2 => gp                      | wp=2 is not one of 0, 1
            1 access=r ac= => gp                       | ac= is not one of 0, 1
            1 access=r size=3 => gp                    | size 3 is not 1, 2, 4 or 8
            1 access=r size=0 => gp                    | size 0 is not 1, 2, 4 or 8
            1 access=r size=0x1 => gp                  | malformed size '0x1'
            1 access=r va=fff size=2 => gp             | the access crosses the end of its page
            1 access=r va=0x1000 => gp                 | malformed va '0x1000'
            1 access=r va= => gp                       | malformed va ''
            1 access=r va=-1 => gp                     | malformed va '-1'
            1 access=r va=\u0661 => gp                 | malformed va '\u0661'
            1 access=r va=10000000000000000 => gp      | va=10000000000000000 has more than 64 bits
            1 access=r pkru=100000000 => gp            | pkru=100000000 has more than 32 bits
            1 access=r l5=1 => gp                      | l5 needs la57=1
            1 access=r => pf ec=0 cr2=0 l5=0 l4=0      | l5 needs la57=1
            1 access=r => ok l4=0                      | ok needs pa=
            1 access=r => ok pa=0 ec=0 l4=0            | key 'ec' does not belong into an ok
            1 access=r => pf ec=0 l4=0                 | pf needs ec= and cr2=
            1 access=r => pf cr2=0 l4=0                | pf needs ec= and cr2=
            1 access=r => pf ec=0 cr2=0 pa=0 l4=0      | key 'pa' does not belong into a pf
            1 access=r => pf ec=0 cr2=0                | the result has no l4
            1 access=r => pf ec=0 cr2=0 l3=0           | the result has l3 but not l4
            1 access=r => pf ec=0 cr2=0 l4=0 l2=0      | the result has l2 but not l3
            1 access=r => pf ec=0 cr2=0 l4=0 l4=0      | key 'l4' is given twice
            1 access=r => pf ec=100000000 cr2=0 l4=0   | ec=100000000 has more than 32 bits
            1 access=r l4=2101 l3=2001 l2=1 => gp      | l2 falls on the slot of another entry with different contents
            """)
    void everyBrokenLineIsToldWithItsReason(String line, String reason) {
        VectorSyntaxException error = catchThrowableOfType(VectorSyntaxException.class,
                () -> VectorTexts.read(CPU, "# fine so far", line));
        assertThat(error).hasMessage("v.txt:3: " + reason);
        assertThat(error.line()).isEqualTo(3);
        assertThat(error.reason()).isEqualTo(reason);
    }

    @Test
    void aVectorNeedsACpuLineBefore() {
        assertThat(catchThrowableOfType(VectorSyntaxException.class, () -> VectorTexts.read("1 access=r => gp")))
                .hasMessage("v.txt:1: a vector before the first cpu line");
    }

    @Test
    void keysComeInAnyOrderAndWhatIsLeftOutIsZero() {
        RecordedVector vector = VectorTexts.read(CPU, "", "  # comment", "\t7 l1=AB  va=7fff access=kw\tcpl=3 => "
                + "pf l3=0 l4=27 cr2=7fff ec=6\r").getFirst();
        VectorInput input = vector.input();
        assertThat(input.number()).isEqualTo(7);
        assertThat(input.access()).isEqualTo(VectorAccess.KW);
        assertThat(input.cpl()).isEqualTo(3);
        assertThat(input.sizeBytes()).isEqualTo(1);
        assertThat(input.va()).isEqualTo(0x7fff);
        assertThat(input.entries()).containsExactly(0, 0xab, 0, 0, 0, 0);
        assertThat(
                input.wp() || input.nxe() || input.smep() || input.smap() || input.ac() || input.pke() || input.pks())
                .isFalse();
        VectorResult result = vector.result();
        assertThat(result.kind()).isEqualTo(VectorResult.Kind.PF);
        assertThat(result.errorCode()).isEqualTo(6);
        assertThat(result.value()).isEqualTo(0x7fff);
        assertThat(result.lowestLevel()).isEqualTo(3);
        assertThat(result.entries()).containsExactly(0, 0, 0, 0, 0x27, 0);
    }

    @Test
    void everyControlReachesItsOwnField() {
        String[] keys = {"wp", "nxe", "smep", "smap", "ac", "pke", "pks"};
        for (int set = 0; set < keys.length; set++) {
            VectorInput input =
                    VectorTexts.read(CPU, "1 access=r pkru=12345678 pkrs=fedcba98 " + keys[set] + "=1 => gp")
                            .getFirst().input();
            boolean[] flags =
                    {input.wp(), input.nxe(), input.smep(), input.smap(), input.ac(), input.pke(), input.pks()};
            for (int i = 0; i < flags.length; i++) {
                assertThat(flags[i]).as(keys[set] + " in " + keys[i]).isEqualTo(i == set);
            }
            assertThat(input.pkru()).isEqualTo(0x12345678);
            assertThat(input.pkrs()).isEqualTo(0xfedcba98);
        }
    }

    @Test
    void aCpuLineHoldsForWhatFollows() throws IOException {
        String text = CPU + "\n1 access=r => gp\ncpu la57=1 maxphyaddr=36 vendor=amd\n# c\n2 access=r => gp\n";
        try (VectorReader reader = new VectorReader("v.txt",
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))) {
            reader.next();
            assertThat(reader.model()).isEqualTo(new CpuModel(Vendor.INTEL, 48, true, false, false));
            assertThat(reader.line()).isEqualTo(2);
            RecordedVector second = reader.next();
            assertThat(second).isNotNull();
            assertThat(reader.model()).isEqualTo(new CpuModel(Vendor.AMD, 36, false, true, false));
            assertThat(reader.line()).isEqualTo(5);
            assertThat(reader.next()).isNull();
        }
    }

    @Test
    void aPackedFileIsKnownByItsFirstBytes() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write((CPU + "\n1 access=r => gp\n").getBytes(StandardCharsets.UTF_8));
        }
        assertThat(VectorTexts.read(packed.toByteArray())).hasSize(1);
        assertThat(VectorTexts.read(new byte[0])).isEmpty();
    }

    /** One table on two levels: the second look sees the same word. */
    @Test
    void twoEntriesOnOneSlotMayHoldTheSame() {
        assertThat(VectorTexts.read(CPU,
                "1 access=r l4=2001 l3=2001 l2=2001 l1=2001 => ok pa=2000 l4=2021 l3=2061 l2=2061 "
                        + "l1=2061"))
                .hasSize(1);
    }

    /** What lies below a reserved bit, a large leaf or an entry with P=0 is nowhere. */
    @ParameterizedTest
    @CsvSource({"intel, l4=2001 l3=8000000000002001 l2=1", "intel, l4=2001 l3=2081 l2=1", "intel, l4=2001 l3=2000 l2=1",
            "intel, l4=2001 l3=1000000002001 l2=1", "amd, l4=2101 l3=2001 l2=1",
            "intel, va=800000000000 l4=2001 l3=2001 l2=1"})
    void onlyEntriesThatAWalkReachesCollide(String vendor, String entries) {
        assertThat(VectorTexts.read(CPU.replace("intel", vendor), "1 access=r " + entries + " => gp")).hasSize(1);
    }
}
