package dev.cowtable.suite.litmus;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rest of a line read as {@code key=value} settings and bare flags, in any order. */
final class Options {
    private final LineCursor cursor;
    private final Map<String, String> values = new LinkedHashMap<>();

    /** Takes all words that are left; a key outside {@code keys} or a flag outside {@code flags} is an error. */
    Options(LineCursor cursor, Set<String> keys, Set<String> flags) {
        this.cursor = cursor;
        while (cursor.hasNext()) {
            take(cursor.word("option"), keys, flags);
        }
    }

    private void take(String word, Set<String> keys, Set<String> flags) {
        int equals = word.indexOf('=');
        String key = equals < 0 ? word : word.substring(0, equals);
        if (!(equals < 0 ? flags : keys).contains(key)) {
            throw cursor.error((keys.contains(key) ? "missing value of option '" : "unknown option '") + word + "'");
        }
        if (values.put(key, word.substring(equals + 1)) != null) {
            throw cursor.error("option '" + key + "' is given twice");
        }
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    @Nullable
    String get(String key) {
        return values.get(key);
    }

    String get(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    /** The page count of {@code pages=}, at least 1. */
    long pages() {
        String value = values.get("pages");
        if (value == null) {
            throw cursor.error("missing pages=");
        }
        long pages = cursor.parseNumber(value);
        if (pages == 0) {
            throw cursor.error("pages must be at least 1");
        }
        return pages;
    }

    /** The number of {@code key=}, or {@code otherwise}. */
    long number(String key, long otherwise) {
        String value = values.get(key);
        return value == null ? otherwise : cursor.parseNumber(value);
    }

    /** The page-aligned address of {@code at=}, or -1. */
    long at() {
        String value = values.get("at");
        if (value == null) {
            return -1;
        }
        long vaddr = cursor.parseHex(value);
        if (vaddr % AreaLayout.PAGE_BYTES != 0) {
            throw cursor.error("at=" + value + " is not page-aligned");
        }
        return vaddr;
    }

    /** The power of two of {@code align=}, or one page. */
    long align() {
        String value = values.get("align");
        if (value == null) {
            return AreaLayout.PAGE_BYTES;
        }
        long alignBytes = cursor.parseHex(value);
        if (alignBytes < AreaLayout.PAGE_BYTES || Long.bitCount(alignBytes) != 1) {
            throw cursor.error("align=" + value + " is not a power of two of at least 0x1000");
        }
        return alignBytes;
    }
}
