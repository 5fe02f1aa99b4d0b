package dev.cowtable.suite.litmus;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Turns the text of a litmus file into a {@link Scenario}.
 *
 * <p>Every static rule is checked here, in line order: operations, processes before the fork that makes them, areas
 * before the line that defines them, number forms, ranges against the length that an area has so far, files, swap.
 *
 * <p>Why: a bad file must not run in part.
 */
public final class LitmusParser {
    private final String[] lines;
    private final Names names;
    private final List<Op> ops = new ArrayList<>();

    private LitmusParser(String text) {
        lines = text.lines().map(LitmusParser::code).toArray(String[]::new);
        names = new Names(mentionedFiles(lines));
    }

    /**
     * Parses {@code text}.
     *
     * @param file name for messages; its last part without {@code .txt} becomes the scenario's name
     * @throws LitmusSyntaxException with the first error in line order
     */
    public static Scenario parse(String file, String text) {
        LitmusParser parser = new LitmusParser(text);
        for (int i = 0; i < parser.lines.length; i++) {
            if (!parser.lines[i].isEmpty()) {
                parser.parseLine(new LineCursor(file, i + 1, parser.lines[i]), parser.lines[i]);
            }
        }
        return new Scenario(nameOf(file), description(text), parser.names.files(), parser.ops,
                parser.names.definitions());
    }

    private void parseLine(LineCursor cursor, String text) {
        Operands operands = new Operands(cursor, names);
        GlobalOps global = new GlobalOps(cursor, names, operands);
        if ("file".equals(cursor.peek())) {
            global.declareFile();
            return;
        }
        Op.Source src = new Op.Source(ops.size() + 1, cursor.line(), text);
        Op op = text.matches("P[0-9]+( .*)?")
                ? new ProcessOps(cursor, names, operands).read(src)
                : global.read(src);
        cursor.end();
        ops.add(op);
    }

    /** The line without its comment and with single blanks. */
    private static String code(String line) {
        int comment = line.indexOf('#');
        return (comment < 0 ? line : line.substring(0, comment)).strip().replaceAll("\\s+", " ");
    }

    private static Set<String> mentionedFiles(String[] lines) {
        Set<String> found = new HashSet<>();
        for (String line : lines) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("file") && words.length > 1) {
                found.add(words[1]);
            }
            for (String word : words) {
                if (word.startsWith("file=")) {
                    found.add(word.substring("file=".length()));
                }
            }
        }
        return found;
    }

    private static String description(String text) {
        String first = text.lines().findFirst().orElse("").strip();
        return first.startsWith("#") ? first.substring(1).strip() : "";
    }

    private static String nameOf(String file) {
        String last = file.substring(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
        return last.endsWith(".txt") ? last.substring(0, last.length() - ".txt".length()) : last;
    }
}
