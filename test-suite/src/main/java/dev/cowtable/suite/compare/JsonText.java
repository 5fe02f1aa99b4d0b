package dev.cowtable.suite.compare;

/** Writes JSON, two blanks an indent; the caller opens and closes what it nests. */
public final class JsonText {
    private final StringBuilder out = new StringBuilder();
    private int depth;
    private boolean first = true;
    private boolean named;

    public JsonText beginObject() {
        return begin('{');
    }

    public JsonText endObject() {
        return end('}');
    }

    public JsonText beginArray() {
        return begin('[');
    }

    public JsonText endArray() {
        return end(']');
    }

    public JsonText name(String name) {
        separate();
        quote(name);
        out.append(": ");
        named = true;
        return this;
    }

    public JsonText string(String value) {
        separate();
        quote(value);
        return this;
    }

    /** A number or a literal. */
    public JsonText raw(String value) {
        separate();
        out.append(value);
        return this;
    }

    public JsonText field(String name, String value) {
        return name(name).string(value);
    }

    public JsonText field(String name, long value) {
        return name(name).raw(Long.toString(value));
    }

    public JsonText field(String name, boolean value) {
        return name(name).raw(Boolean.toString(value));
    }

    private JsonText begin(char bracket) {
        separate();
        out.append(bracket);
        depth++;
        first = true;
        return this;
    }

    private JsonText end(char bracket) {
        depth--;
        if (!first) {
            newLine();
        }
        out.append(bracket);
        first = false;
        return this;
    }

    private void separate() {
        if (named) {
            named = false;
            return;
        }
        if (!first) {
            out.append(',');
        }
        if (depth > 0) {
            newLine();
        }
        first = false;
    }

    private void newLine() {
        out.append('\n').append("  ".repeat(depth));
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    @Override
    public String toString() {
        return out.append('\n').toString();
    }
}
