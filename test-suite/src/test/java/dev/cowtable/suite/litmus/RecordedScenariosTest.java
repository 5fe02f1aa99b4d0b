package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parser and printed form against what a real kernel's runner printed. */
final class RecordedScenariosTest {
    private static final Pattern FAULTS = Pattern.compile("(.*) min=(\\d+) maj=(\\d+)");

    static Stream<String> names() {
        return SampleFiles.names().stream();
    }

    @Test
    void allFiftyScenariosShipWithTheirRecord() {
        assertThat(SampleFiles.names()).hasSize(50)
                .allSatisfy(name -> assertThat(SampleFiles.expected(name)).isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyOperationIsEchoedAsRecorded(String name) {
        List<String> recorded = SampleFiles.expected(name).lines().filter(line -> !line.startsWith(" "))
                .map(line -> line.substring(0, line.indexOf(" => "))).toList();
        List<String> echoed = SampleFiles.scenario(name).ops().stream()
                .map(op -> op.src().number() + "| " + op.src().text()).toList();
        assertThat(echoed).isEqualTo(recorded);
    }

    @ParameterizedTest
    @MethodSource("names")
    void theDescriptionIsTheFirstLine(String name) {
        String first = SampleFiles.read(name + ".txt").lines().findFirst().orElseThrow();
        assertThat("# " + SampleFiles.scenario(name).description()).isEqualTo(first);
    }

    @ParameterizedTest
    @MethodSource("names")
    void theRecordReadIntoViewsPrintsAgainByteForByte(String name) {
        List<String> lines = SampleFiles.expected(name).lines().toList();
        Scenario scenario = SampleFiles.scenario(name);
        Transcript transcript = new Transcript();
        int i = 0;
        for (Op op : scenario.ops()) {
            String head = lines.get(i++);
            List<String> block = new ArrayList<>();
            while (i < lines.size() && lines.get(i).startsWith(" ")) {
                block.add(lines.get(i++));
            }
            reprint(scenario, transcript, op, head.substring(head.indexOf(" => ") + 4), block);
        }
        assertThat(transcript.toString()).isEqualTo(SampleFiles.expected(name));
    }

    private static void reprint(Scenario scenario, Transcript transcript, Op op, String result, List<String> block) {
        Matcher faults = FAULTS.matcher(result);
        switch (op) {
            case Op.Observe _,Op.Vmas _,Op.Smaps _ -> {
                transcript.blockHead(op);
                transcript.buffer().append(new BlockReader(scenario.areasAt(op.src().number())).reprint(block));
            }
            case Op _ when result.equals(OpResult.DEAD_PROCESS) -> transcript.line(op, result);
            case Op _ when faults.matches() -> transcript.line(op, faults.group(1),
                    Long.parseLong(faults.group(2)), Long.parseLong(faults.group(3)));
            default -> transcript.line(op, result, 7, 7);
        }
    }

    @Test
    void anAreaIsListedFromTheOperationOnThatDefinesIt() {
        Scenario scenario = SampleFiles.scenario("096-mremap-across-tables");
        assertThat(scenario.areasAt(3)).containsExactly(new Area("A", 0x200000000L, 8));
        assertThat(scenario.areasAt(11)).containsExactly(new Area("A", 0x200000000L, 8),
                new Area("B", 0x2003fc000L, 8), new Area("C", 0x240000000L, 4));
    }

    @Test
    void anUndeclaredFileIsAsLongAsItsLargestMapping() {
        assertThat(SampleFiles.scenario("106-file-private-fork").files()).containsExactly(new FileSpec("F", 4, false));
    }
}
