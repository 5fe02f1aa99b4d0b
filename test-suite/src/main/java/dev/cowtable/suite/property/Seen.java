package dev.cowtable.suite.property;

/**
 * What a load of a page's first byte may give.
 *
 * @param value the last byte written
 * @param orZero whether the page may have been discarded since, after MADV_FREE
 * @param anything whether the operations alone do not tell
 */
record Seen(int value, boolean orZero, boolean anything) {
    static final Seen ZERO = new Seen(0, false, false);

    boolean allows(int loaded) {
        return anything || loaded == value || orZero && loaded == 0;
    }

    boolean isCertain() {
        return !anything && (!orZero || value == 0);
    }

    @Override
    public String toString() {
        return anything ? "?" : value + (orZero && value != 0 ? "|0" : "");
    }
}
