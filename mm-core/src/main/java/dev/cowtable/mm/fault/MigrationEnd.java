package dev.cowtable.mm.fault;

import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.exec.Waitable;

/** The mover of a page, who holds its folio lock, is done: migration_entry_wait(). */
record MigrationEnd(MemMap memMap, long pfn) implements Waitable {
    @Override
    public boolean isReady() {
        return !memMap.testFlag(pfn, PageFlags.LOCKED);
    }

    @Override
    public String describe() {
        return "the migration of frame " + pfn;
    }
}
