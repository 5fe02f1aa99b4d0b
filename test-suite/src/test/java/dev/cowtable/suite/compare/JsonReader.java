package dev.cowtable.suite.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON strictly enough to find what a parser would refuse; numbers and literals stay text. */
final class JsonReader {
    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    static Map<?, ?> object(String text) {
        JsonReader reader = new JsonReader(text);
        Object value = reader.value();
        reader.blanks();
        if (reader.at != text.length() || !(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("not one object, at " + reader.at);
        }
        return map;
    }

    static Map<?, ?> member(Map<?, ?> object, String name) {
        if (object.get(name) instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException("no object " + name);
    }

    private void blanks() {
        while (at < text.length() && " \n\t\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() {
        blanks();
        return text.charAt(at);
    }

    private void expect(char c) {
        if (next() != c) {
            throw new IllegalArgumentException("expected " + c + " at " + at);
        }
        at++;
    }

    private Object value() {
        return switch (next()) {
            case '{' -> members();
            case '[' -> elements();
            case '"' -> string();
            default -> literal();
        };
    }

    private Map<String, Object> members() {
        Map<String, Object> map = new LinkedHashMap<>();
        expect('{');
        while (next() != '}') {
            if (!map.isEmpty()) {
                expect(',');
            }
            blanks();
            String name = string();
            expect(':');
            if (map.put(name, value()) != null) {
                throw new IllegalArgumentException("twice: " + name);
            }
        }
        at++;
        return map;
    }

    private List<Object> elements() {
        List<Object> list = new ArrayList<>();
        expect('[');
        while (next() != ']') {
            if (!list.isEmpty()) {
                expect(',');
            }
            list.add(value());
        }
        at++;
        return list;
    }

    private String string() {
        StringBuilder string = new StringBuilder();
        expect('"');
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c < ' ') {
                throw new IllegalArgumentException("control character at " + at);
            }
            string.append(c == '\\' ? escaped() : c);
        }
        at++;
        return string.toString();
    }

    private char escaped() {
        char c = text.charAt(at++);
        if (c == 'u') {
            at += 4;
            return (char) Integer.parseInt(text, at - 4, at, 16);
        }
        return c;
    }

    private String literal() {
        int from = at;
        while (",]} \n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String literal = text.substring(from, at);
        if (!literal.matches("true|false|null|-?\\d+(\\.\\d+)?(E-?\\d+)?")) {
            throw new IllegalArgumentException("no literal: " + literal);
        }
        return literal;
    }
}
