package dev.cowtable.suite.vectors;

import java.util.Arrays;

/** The words of one line, and the values of the keys met so far. */
final class VectorFields {
    private static final int MAX_DECIMAL_DIGITS = 18;

    private final String file;
    private final long[] values = new long[VectorKey.values().length];
    private String line = "";
    private int lineNumber;
    private int at;
    private int seen;

    VectorFields(String file) {
        this.file = file;
    }

    void start(int number, String text) {
        line = text;
        lineNumber = number;
        at = 0;
        forget();
    }

    /** Forgets the values, not the place in the line. */
    void forget() {
        seen = 0;
        Arrays.fill(values, 0);
    }

    VectorSyntaxException error(String reason) {
        return new VectorSyntaxException(file, lineNumber, reason);
    }

    /** The next word, empty at the line's end. */
    String word() {
        while (at < line.length() && line.charAt(at) <= ' ') {
            at++;
        }
        int start = at;
        while (at < line.length() && line.charAt(at) > ' ') {
            at++;
        }
        return line.substring(start, at);
    }

    /** Reads one {@code key=value}. */
    void accept(String word) {
        int equals = word.indexOf('=');
        if (equals < 0) {
            throw error("expected key=value, got '" + word + "'");
        }
        String name = word.substring(0, equals);
        VectorKey key = VectorKey.of(name);
        if (key == null) {
            throw error("unknown key '" + name + "'");
        }
        if ((seen & 1 << key.ordinal()) != 0) {
            throw error("key '" + name + "' is given twice");
        }
        seen |= 1 << key.ordinal();
        values[key.ordinal()] = value(key, word.substring(equals + 1));
    }

    boolean has(VectorKey key) {
        return (seen & 1 << key.ordinal()) != 0;
    }

    /** The value, 0 if the key is left out. */
    long get(VectorKey key) {
        return values[key.ordinal()];
    }

    boolean flag(VectorKey key) {
        return get(key) != 0;
    }

    long decimal(String what, String digits) {
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c < '0' || c > '9' || i == MAX_DECIMAL_DIGITS) {
                throw malformed(what, digits);
            }
            value = value * 10 + c - '0';
        }
        if (digits.isEmpty()) {
            throw malformed(what, digits);
        }
        return value;
    }

    private long value(VectorKey key, String digits) {
        return switch (key) {
            case VENDOR -> oneOf(key, digits, "amd", "intel");
            case ACCESS -> oneOf(key, digits, "r", "w", "x", "kr", "kw");
            case MAXPHYADDR, CPL, SIZE -> decimal(key.text(), digits);
            default -> key.bits() == 1 ? oneOf(key, digits, "0", "1") : hex(key, digits);
        };
    }

    private int oneOf(VectorKey key, String word, String... words) {
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals(word)) {
                return i;
            }
        }
        throw error(key.text() + "=" + word + " is not one of " + String.join(", ", words));
    }

    private long hex(VectorKey key, String digits) {
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) < 0x80 ? Character.digit(digits.charAt(i), 16) : -1;
            if (digit < 0) {
                throw malformed(key.text(), digits);
            }
            if (value >>> key.bits() - 4 != 0) {
                throw error(key.text() + "=" + digits + " has more than " + key.bits() + " bits");
            }
            value = value << 4 | digit;
        }
        if (digits.isEmpty()) {
            throw malformed(key.text(), digits);
        }
        return value;
    }

    private VectorSyntaxException malformed(String what, String digits) {
        return error("malformed " + what + " '" + digits + "'");
    }
}
