package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One broken last line a row: its line number and the reason that is reported. */
final class BadInputTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            frobnicate                                  | 3 | unknown op 'frobnicate'
            P0 frobnicate A                             | 3 | unknown op 'frobnicate'
            observe; vmaps                              | 4 | unknown op 'vmaps'
            P0                                          | 3 | missing op
            Px read A+0                                 | 3 | unknown op 'Px'
            P1 read A+0                                 | 3 | unknown process 'P1'
            P1 read A+0; P0 fork P1                     | 3 | unknown process 'P1'
            P0 fork P0                                  | 3 | process P0 exists already
            P0 fork P1; P1 exit; P0 fork P1             | 5 | process P1 exists already
            P0 fork                                     | 3 | missing process
            P0 fork Q1                                  | 3 | expected a process, got 'Q1'
            P0 pmadvise P3 A cold                       | 3 | unknown process 'P3'
            P0 read B+0                                 | 3 | unknown area 'B'
            P0 munmap B 0 1                             | 3 | unknown area 'B'
            observe B                                   | 3 | unknown area 'B'
            P0 read A                                   | 3 | expected a page such as A+0, got 'A'
            P0 read                                     | 3 | missing page
            P0 read A+0 7                               | 3 | unexpected '7'
            P0 read A+x                                 | 3 | malformed number 'x'
            P0 read A+                                  | 3 | malformed number ''
            P0 read A+4                                 | 3 | page A+4 is outside A (4 pages)
            P0 write A+0                                | 3 | missing byte value
            P0 write A+0 256                            | 3 | byte 256 is not in 0..255
            P0 write A+0 -1                             | 3 | malformed number '-1'
            P0 munmap A 0 5                             | 3 | range A 0 5 is outside A (4 pages)
            P0 munmap A 2 2                             | 3 | range A 2 2 is empty
            P0 munmap A 3 1                             | 3 | range A 3 1 is empty
            P0 munmap A 3                               | 3 | missing end page
            P0 munmap A 1 2z                            | 3 | malformed number '2z'
            P0 munmap A -1 2                            | 3 | malformed number '-1'
            P0 munmap A 0 99999999999999999999          | 3 | malformed number '99999999999999999999'
            P0 madvise A 0 2 dontcare                   | 3 | unknown advice 'dontcare'
            P0 madvise A                                | 3 | missing advice
            P0 madvise A 0 2                            | 3 | missing advice
            P0 mprotect A 0 1 wx                        | 3 | unknown protection 'wx'
            P0 mmap B                                   | 3 | missing pages=
            P0 mmap B pages=0                           | 3 | pages must be at least 1
            P0 mmap B pages=two                         | 3 | malformed number 'two'
            P0 mmap B pages=1 pages=2                   | 3 | option 'pages' is given twice
            P0 mmap B pages=1 colour=red                | 3 | unknown option 'colour=red'
            P0 mmap B pages=1 prot                      | 3 | missing value of option 'prot'
            P0 mmap B pages=1 prot=q                    | 3 | unknown protection 'q'
            P0 mmap B pages=1 flags=public              | 3 | unknown flags 'public'
            P0 mmap B pages=1 off=1                     | 3 | off= needs file=
            P0 mmap B pages=1 at=0x200000001            | 3 | at=0x200000001 is not page-aligned
            P0 mmap B pages=1 at=0xzz                   | 3 | malformed number '0xzz'
            P0 mmap B pages=1 align=0x3000              | 3 | align=0x3000 is not a power of two of at least 0x1000
            P0 mmap B pages=9 at=0x7ffffffff000         | 3 | area B ends beyond the address space
            P0 mmap A pages=1 at=0x300000000            | 3 | area A lies at 0x200000000 already
            P0 mmap 9 pages=1                           | 3 | malformed area name '9'
            P0 mmap B pages=1 file=/etc                 | 3 | malformed file name '/etc'
            P0 mremap A 0 1                             | 3 | missing pages=
            P0 mremap A 0 1 ->                          | 3 | missing target area
            P0 mremap A 0 1 -> B+1                      | 3 | unknown area 'B'
            P0 mremap A 0 2 -> A+3                      | 3 | range A 3 5 is outside A (4 pages)
            P0 mremap A 0 1 -> A+2 at=0x300000000       | 3 | at= needs a new target area
            P0 mremap A 0 1 pages=2 dontunmap           | 3 | unknown option 'dontunmap'
            P0 vmsplice A 0 q0                          | 3 | expected '->', got 'q0'
            P0 vmsplice A 0 -> q8                       | 3 | expected a pipe q0..q7, got 'q8'
            P0 vmsplice A 4 -> q0                       | 3 | page A+4 is outside A (4 pages)
            P0 uffdmove A 0 2 -> A+3                    | 3 | range A 3 5 is outside A (4 pages)
            P0 uffd A 0 2 minor                         | 3 | unknown option 'minor'
            P0 cpu -2                                   | 3 | malformed number '-2'
            P0 odread A+0 x                             | 3 | malformed number 'x'
            truncate F 2                                | 3 | unknown file 'F'
            file F pages=2; file F pages=3              | 4 | file 'F' is declared twice
            file F                                      | 3 | missing pages=
            file F pages=2; punch F 2 1                 | 4 | range F 2 1 is empty
            file F pages=2; fwrite F 0 300              | 4 | byte 300 is not in 0..255
            swap tape                                   | 3 | unknown swap kind 'tape'
            swap file; swap zram                        | 4 | swap is on already
            P0 madvise A pageout; swap file             | 4 | swap must come before the first pageout
            sleep                                       | 3 | missing milliseconds
            drain now                                   | 3 | unexpected 'now'
            ksm x                                       | 3 | malformed number 'x'
            P0 munmap A 9 10; nonsense                  | 3 | range A 9 10 is outside A (4 pages)
            """)
    void isReportedWithFileLineAndReason(String lines, int line, String reason) {
        String text = "# bad\nP0 mmap A pages=4\n" + lines.replace("; ", "\n") + "\n";
        LitmusSyntaxException error = catchThrowableOfType(LitmusSyntaxException.class,
                () -> LitmusParser.parse("dir/bad.txt", text));
        assertThat(error).isNotNull().hasMessage("dir/bad.txt:" + line + ": " + reason);
        assertThat(error.line()).isEqualTo(line);
    }

    @Test
    void anOperationOnTheFirstLineIsNotTakenForADescription() {
        LitmusSyntaxException error = catchThrowableOfType(LitmusSyntaxException.class,
                () -> LitmusParser.parse("x", "hello\n"));
        assertThat(error).isNotNull().hasMessage("x:1: unknown op 'hello'");
    }
}
