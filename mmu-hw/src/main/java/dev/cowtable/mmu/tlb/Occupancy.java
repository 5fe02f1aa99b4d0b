package dev.cowtable.mmu.tlb;

/** What a store may hold: of which PCIDs and whether global; tells without a look at the slots that nothing survives. */
final class Occupancy {
    private static final int NONE = -2;
    private static final int SEVERAL = -3;

    private int pcid = NONE;
    private boolean globals;

    boolean isEmpty() {
        return pcid == NONE;
    }

    void add(long key, long translation) {
        int added = EntryStore.pcid(key);
        if (pcid != added) {
            pcid = pcid == NONE ? added : SEVERAL;
        }
        globals |= (translation & Translation.GLOBAL) != 0;
    }

    /** Nothing is left after {@link EntryStore#clear} with these arguments. */
    boolean isCleared(int clearedPcid, boolean clearedGlobals) {
        return (!globals || clearedGlobals) && (clearedPcid == EntryStore.ANY_PCID || pcid == clearedPcid);
    }

    void reset() {
        pcid = NONE;
        globals = false;
    }
}
