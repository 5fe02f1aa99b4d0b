package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.LitmusSyntaxException;
import dev.cowtable.suite.litmus.Scenario;
import java.util.ArrayList;
import java.util.List;

/**
 * A small memory-management story that the litmus parser accepts.
 *
 * @param lines operations as litmus lines
 */
public record Program(List<String> lines) {
    private static final String NAME = "random.txt";
    private static final String DESCRIPTION = "# a random program";

    public Program {
        lines = List.copyOf(lines);
    }

    /** A program written by hand. */
    public static Program of(String... lines) {
        return new Program(List.of(lines));
    }

    /** The program without the lines that name a process or an area that no earlier line makes. */
    static Program repaired(List<String> lines) {
        List<String> kept = new ArrayList<>(lines);
        while (true) {
            Program program = new Program(kept);
            try {
                program.scenario();
                return program;
            } catch (LitmusSyntaxException e) {
                kept.remove(e.line() - 2);
            }
        }
    }

    /** Parses the program. */
    public Scenario scenario() {
        return LitmusParser.parse(NAME, toLitmus());
    }

    /** The text of a litmus file. */
    public String toLitmus() {
        return DESCRIPTION + "\n" + String.join("\n", lines) + "\n";
    }

    /** Number of operations. */
    public int size() {
        return lines.size();
    }

    @Override
    public String toString() {
        return "\n" + toLitmus();
    }
}
