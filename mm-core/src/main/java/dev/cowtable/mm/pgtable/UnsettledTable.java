package dev.cowtable.mm.pgtable;

import dev.cowtable.mmu.exec.Waitable;

/**
 * A shared table that somebody is about to break or detach; ready when nobody is any more.
 *
 * <p>Why: who edits a shared entry in place must know how many it counts for. Waited for with no rmap lock held, as who detaches a table may
 * take that for writing before he is done.
 */
public record UnsettledTable(PtDesc table) implements Waitable {
    @Override
    public boolean isReady() {
        return table.isSettled();
    }

    @Override
    public String describe() {
        return "the break or detach of the table in frame " + table.pfn();
    }
}
