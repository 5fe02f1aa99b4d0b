package dev.cowtable.suite.oracle;

import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.property.Program;
import dev.cowtable.suite.property.ProgramGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random programs as scenarios that look at every page after every operation, and at the sums at the end. */
public final class RandomScenarios {
    private static final List<String> END = List.of("drain", "observe", "smaps");

    private RandomScenarios() {}

    /** The program of a kind and seed. */
    public static Program program(Profile profile, long seed) {
        return ProgramGenerator.generate(new Random(seed), profile);
    }

    /** The program with observations. */
    public static Scenario observed(Program program, String name) {
        List<String> lines = new ArrayList<>();
        for (String line : program.lines()) {
            lines.add(line);
            if (!line.startsWith("file ")) {
                lines.add("observe");
            }
        }
        lines.addAll(END);
        return LitmusParser.parse(name, new Program(lines).toLitmus());
    }
}
