package dev.cowtable.suite.compare;

import java.util.ArrayList;
import java.util.List;

/** Hands out a new stamp for every write of any process, and keeps what was read wrong. */
final class ContentsOracle {
    private static final int TOLD = 5;

    private final List<String> wrong = new ArrayList<>();
    private int lastStamp = TouchablePages.FIRST_STAMP;
    private long nrWrong;

    int nextStamp() {
        return ++lastStamp;
    }

    void read(String who, long vaddr, long expected, long found) {
        if (expected != found && nrWrong++ < TOLD) {
            wrong.add("contents: " + who + " reads 0x" + Long.toHexString(found) + " at 0x" + Long.toHexString(vaddr)
                    + " and should read 0x" + Long.toHexString(expected));
        }
    }

    /** One sentence for each of the first wrong reads, and one for all others. */
    List<String> violations() {
        List<String> told = new ArrayList<>(wrong);
        if (nrWrong > TOLD) {
            told.add("contents: " + (nrWrong - TOLD) + " more wrong reads");
        }
        return told;
    }
}
