package dev.cowtable.suite.compare;

import java.util.Locale;

/** What a rebuilt process does not have, or has in another form than the recorded one. */
public enum LeftOut {
    PAGES_SHARED_OUTSIDE("anonymous pages mapped by other processes too: rebuilt as the process's own"),
    VMAS_OUTSIDE_USER_SPACE("VMAs above the user addresses (vsyscall)"),
    ENTRIES_WITHOUT_PAGE("entries that map no page of their own (vvar, device): only their table is there"),
    GUARD_MARKERS("guard markers: only their table is there"),
    UNREACHABLE_ZERO_PAGES("zero pages that no read fault of this kernel makes: only their table is there"),
    SHARED_SWAP_ENTRIES("swap entries in shared mappings: only their table is there"),
    HUGE_FILE_PAGES("4 KiB pages of 2 MiB mappings of files"),
    HUGE_ZERO_PAGES("4 KiB pages of 2 MiB mappings of the zero page"),
    HUGE_PARTS("4 KiB pages of 2 MiB mappings that are not whole or not aligned in the record"),
    HUGETLB_PAGES("4 KiB pages of hugetlb mappings");

    private final String text;

    LeftOut(String text) {
        this.text = text;
    }

    /** What is counted. */
    public String text() {
        return text;
    }

    /** Key for machines; the kind of things counted is in it. */
    public String key() {
        StringBuilder key = new StringBuilder();
        for (String word : name().toLowerCase(Locale.ROOT).split("_", -1)) {
            key.append(key.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return key.toString();
    }
}
