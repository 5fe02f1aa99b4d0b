package dev.cowtable.suite.litmus;

import java.util.Locale;

/** Reads the operands that many operations share: pages, ranges, words of an enum, pipes. */
final class Operands {
    private final LineCursor cursor;
    private final Names names;

    Operands(LineCursor cursor, Names names) {
        this.cursor = cursor;
        this.names = names;
    }

    Area area() {
        return names.area(cursor, cursor.word("area"));
    }

    /** {@code A i j}, or {@code A} for all its pages. */
    PageRange range() {
        Area area = area();
        return cursor.numberFollows() ? range(area) : area.whole();
    }

    /** The {@code i j} that must follow {@code area}. */
    PageRange range(Area area) {
        long first = cursor.number("first page");
        long end = cursor.number("end page");
        return inside(new PageRange(area, first, end));
    }

    /** {@code range}, which must hold a page and end within its area. */
    PageRange inside(PageRange range) {
        String text = range.area().name() + " " + range.first() + " " + range.end();
        if (range.first() >= range.end()) {
            throw cursor.error("range " + text + " is empty");
        }
        if (range.end() > range.area().pages()) {
            throw cursor.error("range " + text + " is outside " + size(range.area()));
        }
        return range;
    }

    /** {@code A+k}. */
    PageRef page() {
        String word = cursor.word("page");
        int plus = word.indexOf('+');
        if (plus < 0) {
            throw cursor.error("expected a page such as A+0, got '" + word + "'");
        }
        Area area = names.area(cursor, word.substring(0, plus));
        return page(area, cursor.parseNumber(word.substring(plus + 1)));
    }

    /** {@code A k}. */
    PageRef spacedPage() {
        Area area = area();
        return page(area, cursor.number("page"));
    }

    PageRef page(Area area, long page) {
        if (page >= area.pages()) {
            throw cursor.error("page " + area.name() + "+" + page + " is outside " + size(area));
        }
        return new PageRef(area, page);
    }

    private static String size(Area area) {
        return area.name() + " (" + area.pages() + (area.pages() == 1 ? " page)" : " pages)");
    }

    int pipe() {
        String word = cursor.word("pipe");
        if (!word.matches("q[0-7]")) {
            throw cursor.error("expected a pipe q0..q7, got '" + word + "'");
        }
        return word.charAt(1) - '0';
    }

    /** The number that may follow, else {@code otherwise}. */
    long optionalNumber(long otherwise) {
        return cursor.hasNext() ? cursor.number("number") : otherwise;
    }

    Prot prot() {
        return constant(Prot.class, cursor.word("protection"), "protection");
    }

    Advice advice() {
        Advice advice = constant(Advice.class, cursor.word("advice"), "advice");
        if (advice == Advice.PAGEOUT) {
            names.useSwap();
        }
        return advice;
    }

    /** The constant whose name in lower case is {@code word}. */
    <E extends Enum<E>> E constant(Class<E> type, String word, String what) {
        for (E constant : type.getEnumConstants()) {
            if (constant.name().toLowerCase(Locale.ROOT).equals(word)) {
                return constant;
            }
        }
        throw cursor.error("unknown " + what + " '" + word + "'");
    }
}
