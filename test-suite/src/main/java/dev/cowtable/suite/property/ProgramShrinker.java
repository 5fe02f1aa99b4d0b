package dev.cowtable.suite.property;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Makes a failing program smaller: runs of operations go first, then single ones, then ranges become one page. */
public final class ProgramShrinker {
    private static final String OPTION = " (populate|noreserve|locked|onfault|dontunmap|prot=\\w+|flags=\\w+)";

    private ProgramShrinker() {}

    /** Smaller programs to try, the boldest first; each is legal. */
    public static Stream<Program> candidates(Program program) {
        int size = program.size();
        Stream<Program> fewer = Stream.iterate(size / 2, run -> run > 0, run -> run / 2)
                .flatMap(run -> IntStream.iterate(size - run, at -> at >= 0, at -> at - run)
                        .mapToObj(at -> without(program, at, run)));
        Stream<Program> simpler = IntStream.range(0, size).boxed().flatMap(at -> simpler(program, at));
        return Stream.concat(fewer, simpler);
    }

    /** Shrinks for as long as the smaller program still fails; {@code fails} must hold for the given one. */
    public static Program shrink(Program failing, Predicate<Program> fails) {
        Program smallest = failing;
        while (true) {
            Program smaller = candidates(smallest).filter(fails).findFirst().orElse(null);
            if (smaller == null) {
                return smallest;
            }
            smallest = smaller;
        }
    }

    /** Falls with every step that keeps the number of operations: characters, and pages that ranges name. */
    static long weight(Program program) {
        return program.lines().stream().mapToLong(line -> line.length() + rangePages(line.split(" "))).sum();
    }

    private static Program without(Program program, int at, int run) {
        List<String> lines = new ArrayList<>(program.lines());
        lines.subList(at, Math.min(at + run, lines.size())).clear();
        return Program.repaired(lines);
    }

    /** One operation on the first page of its range, or without an option. */
    private static Stream<Program> simpler(Program program, int at) {
        String line = program.lines().get(at);
        return Stream.of(firstPage(line), line.replaceFirst(OPTION, ""))
                .filter(changed -> !changed.equals(line)).map(changed -> replaced(program, at, changed));
    }

    private static String firstPage(String line) {
        String[] words = line.split(" ");
        if (rangePages(words) <= 1) {
            return line;
        }
        words[4] = String.valueOf(Integer.parseInt(words[3]) + 1);
        return String.join(" ", words);
    }

    /** Pages of an operation's range, 0 if it has none. */
    private static int rangePages(String[] words) {
        boolean hasRange = words.length >= 5 && words[3].matches("[0-9]+") && words[4].matches("[0-9]+");
        return hasRange ? Integer.parseInt(words[4]) - Integer.parseInt(words[3]) : 0;
    }

    private static Program replaced(Program program, int at, String line) {
        List<String> lines = new ArrayList<>(program.lines());
        lines.set(at, line);
        return Program.repaired(lines);
    }
}
