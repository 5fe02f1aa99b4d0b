package dev.cowtable.suite.snapshot;

/** Where a recorder learned something that pagemap alone does not tell. */
public enum KnownBy {
    PAGEMAP_SCAN("pagemap-scan"),
    PFN("pfn"),
    SMAPS("smaps");

    private final String word;

    KnownBy(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }

    static KnownBy ofWord(String word) {
        for (KnownBy source : values()) {
            if (source.word.equals(word)) {
                return source;
            }
        }
        throw new IllegalArgumentException("unknown source '" + word + "'");
    }
}
