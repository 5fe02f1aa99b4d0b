package dev.cowtable.suite.litmus;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The words of one line, taken from left to right; each taking checks its word's form. */
final class LineCursor {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
    private static final Pattern HEX = Pattern.compile("(0[xX])?[0-9a-fA-F]{1,15}");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

    private final String file;
    private final int line;
    private final String[] words;
    private int next;

    /** {@code text} holds at least one word and single blanks between words. */
    LineCursor(String file, int line, String text) {
        this.file = file;
        this.line = line;
        words = text.split(" ", -1);
    }

    int line() {
        return line;
    }

    LitmusSyntaxException error(String reason) {
        return new LitmusSyntaxException(file, line, reason);
    }

    boolean hasNext() {
        return next < words.length;
    }

    int remaining() {
        return words.length - next;
    }

    @Nullable
    String peek() {
        return hasNext() ? words[next] : null;
    }

    /** Whether a number, well formed or not, comes next; {@code ->} is none. */
    boolean numberFollows() {
        String word = peek();
        return word != null && word.matches("-?[0-9].*");
    }

    String word(String what) {
        if (!hasNext()) {
            throw error("missing " + what);
        }
        return words[next++];
    }

    boolean accept(String word) {
        if (!word.equals(peek())) {
            return false;
        }
        next++;
        return true;
    }

    void expect(String word) {
        if (!accept(word)) {
            String got = peek();
            throw error(got == null ? "missing '" + word + "'" : "expected '" + word + "', got '" + got + "'");
        }
    }

    /** Nothing may follow. */
    void end() {
        if (hasNext()) {
            throw error("unexpected '" + words[next] + "'");
        }
    }

    long number(String what) {
        return parseNumber(word(what));
    }

    int byteValue() {
        return (int) bounded(number("byte value"), 255, "byte");
    }

    /** {@code value}, which may be at most {@code max}. */
    long bounded(long value, long max, String what) {
        if (value > max) {
            throw error(what + " " + value + " is not in 0.." + max);
        }
        return value;
    }

    long parseNumber(String word) {
        if (!NUMBER.matcher(word).matches()) {
            throw error("malformed number '" + word + "'");
        }
        return Long.parseLong(word);
    }

    long parseHex(String word) {
        if (!HEX.matcher(word).matches()) {
            throw error("malformed number '" + word + "'");
        }
        return Long.parseLong(word.replaceFirst("^0[xX]", ""), 16);
    }

    String name(String what) {
        return checked(word(what), NAME, what);
    }

    String fileName(String word) {
        return checked(word, FILE_NAME, "file name");
    }

    private String checked(String word, Pattern form, String what) {
        if (!form.matcher(word).matches()) {
            throw error("malformed " + what + " '" + word + "'");
        }
        return word;
    }
}
