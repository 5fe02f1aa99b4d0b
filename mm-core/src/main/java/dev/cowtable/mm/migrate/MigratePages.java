package dev.cowtable.mm.migrate;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Moves a page to another frame while processes use it.
 *
 * <p>Isolate, lock, take away from all mappers, move if nobody else holds a reference, give back to all mappers. Whoever faults in
 * between finds a migration entry and waits for the folio lock.
 *
 * <p>Mirrors: migrate_folio_unmap(), migrate_folio_move(), migrate_folio() (mm/migrate.c).
 * <p>Locks: the folio locks of both frames, from {@link #begin} to {@link #finish}.
 * <p>Differs: page by page; write-back is not waited for.
 */
public final class MigratePages {
    /** What a page takes along: migrate_folio_flags(). AnonExclusive travels in the entries. */
    private static final int MOVED_FLAGS = PageFlags.ANON | PageFlags.SWAPBACKED | PageFlags.DIRTY | PageFlags.FILE
            | PageFlags.SHMEM | PageFlags.UPTODATE | PageFlags.REFERENCED | PageFlags.ACTIVE;

    private final Kernel kernel;
    private final MemMap memMap;
    private final TryToMigrate tryToMigrate;
    private final RemoveMigrationPtes removeMigrationPtes;

    public MigratePages(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.tryToMigrate = new TryToMigrate(kernel);
        this.removeMigrationPtes = new RemoveMigrationPtes(kernel);
    }

    /** How the move of one page ended; anything but MOVED leaves the page where it was. */
    public enum Result {
        MOVED,
        /** Somebody else holds the page: a pin, a plain reference, a lock. */
        BUSY,
        /** No frame to move to. */
        NO_MEMORY
    }

    /** A move on its way: no entry maps the page, and both frames are locked. */
    public static final class Migration {
        private final long oldPfn;
        private final long newPfn;

        private Migration(long oldPfn, long newPfn) {
            this.oldPfn = oldPfn;
            this.newPfn = newPfn;
        }

        public long oldPfn() {
            return oldPfn;
        }

        public long newPfn() {
            return newPfn;
        }
    }

    /** Moves a page to a new frame: {@link #begin} and {@link #finish} in one. */
    public Result migrate(Cpu cpu, long pfn) {
        kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
        if (!isolate(cpu, pfn)) {
            return Result.BUSY;
        }
        long newPfn = kernel.pageAllocator().allocPage(cpu);
        if (newPfn == PageAllocator.NO_PAGE) {
            kernel.lru().folioPutbackLru(cpu, pfn);
            return Result.NO_MEMORY;
        }
        return move(cpu, pfn, newPfn);
    }

    /** As {@link #migrate} for a page that is isolated already, to a frame that the caller has allocated. */
    Result move(Cpu cpu, long pfn, long newPfn) {
        Migration migration = unmap(cpu, pfn, newPfn);
        return migration == null ? Result.BUSY : finish(cpu, migration);
    }

    /**
     * Takes a page away from all its mappers; null, with everything as it was, if that can not be or there is no memory.
     *
     * <p>Why apart from {@link #finish}: what others do meanwhile is a subject of its own.
     */
    public @Nullable Migration begin(Cpu cpu, long pfn) {
        kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
        if (!isolate(cpu, pfn)) {
            return null;
        }
        long newPfn = kernel.pageAllocator().allocPage(cpu);
        if (newPfn == PageAllocator.NO_PAGE) {
            kernel.lru().folioPutbackLru(cpu, pfn);
            return null;
        }
        return unmap(cpu, pfn, newPfn);
    }

    /** Takes the page off the LRU with a reference; one that is in a batch yet only after all batches were emptied. */
    boolean isolate(Cpu cpu, long pfn) {
        if (!isMovable(pfn)) {
            return false;
        }
        if (!kernel.lru().folioIsolateLru(cpu, pfn)) {
            kernel.lru().lruAddDrainAll(cpu);
            return kernel.lru().folioIsolateLru(cpu, pfn);
        }
        return true;
    }

    private boolean isMovable(long pfn) {
        int flags = memMap.flags(pfn);
        if ((flags & (PageFlags.HEAD | PageFlags.WRITEBACK | PageFlags.HWPOISON)) != 0) {
            return false;
        }
        Object mapping = memMap.mapping(pfn);
        return mapping instanceof AnonVma || (mapping instanceof AddressSpace file && !file.isOpaque());
    }

    /** Mirrors: migrate_folio_unmap(). Consumes the isolation and the new frame if it fails. */
    private @Nullable Migration unmap(Cpu cpu, long pfn, long newPfn) {
        boolean locked = memMap.folioTrylock(cpu, pfn);
        if (locked && isMovable(pfn)) {
            memMap.folioLock(cpu, newPfn);
            if (tryToMigrate.tryToMigrate(cpu, pfn)) {
                return new Migration(pfn, newPfn);
            }
            removeMigrationPtes.restore(cpu, pfn, pfn);
            memMap.folioUnlock(cpu, newPfn);
        }
        if (locked) {
            memMap.folioUnlock(cpu, pfn);
        }
        kernel.lru().folioPutbackLru(cpu, pfn);
        kernel.putPage(cpu, newPfn);
        return null;
    }

    /**
     * Moves the page if nobody but the mover holds it, and gives it back to its mappers in either case.
     *
     * <p>Mirrors: migrate_folio_move().
     */
    public Result finish(Cpu cpu, Migration migration) {
        long oldPfn = migration.oldPfn;
        long newPfn = migration.newPfn;
        if (!moveToNewFolio(cpu, oldPfn, newPfn)) {
            removeMigrationPtes.restore(cpu, oldPfn, oldPfn);
            memMap.folioUnlock(cpu, oldPfn);
            kernel.lru().folioPutbackLru(cpu, oldPfn);
            memMap.folioUnlock(cpu, newPfn);
            kernel.putPage(cpu, newPfn);
            return Result.BUSY;
        }
        kernel.lru().folioAddLru(cpu, newPfn);
        removeMigrationPtes.restore(cpu, oldPfn, newPfn);
        memMap.folioUnlock(cpu, newPfn);
        kernel.putPage(cpu, newPfn);
        memMap.setMapping(oldPfn, null);
        memMap.folioUnlock(cpu, oldPfn);
        kernel.putPage(cpu, oldPfn);
        kernel.counters().add(cpu.id(), Counter.PAGE_MIGRATED, 1);
        return Result.MOVED;
    }

    /** Mirrors: move_to_new_folio(). References: the isolation's, and one of the page cache or swap cache. */
    private boolean moveToNewFolio(Cpu cpu, long oldPfn, long newPfn) {
        int flags = memMap.flags(cpu, oldPfn);
        Object mapping = memMap.mapping(oldPfn);
        boolean cached = (flags & PageFlags.SWAPCACHE) != 0 || mapping instanceof AddressSpace;
        if (memMap.pageRefCount(cpu, oldPfn) != (cached ? 2 : 1)) {
            return false;
        }
        cpu.memory().copyFrame(oldPfn, newPfn);
        memMap.setIndex(newPfn, memMap.index(oldPfn));
        memMap.setMapping(newPfn, mapping);
        memMap.setFlag(cpu, newPfn, flags & MOVED_FLAGS);
        boolean moved = true;
        if ((flags & PageFlags.SWAPCACHE) != 0) {
            moved = kernel.swap().migrateCached(cpu, oldPfn, newPfn);
        } else if (mapping instanceof AddressSpace file) {
            moved = file.migratePage(kernel, cpu, memMap.index(oldPfn), oldPfn, newPfn);
        }
        if (!moved) {
            memMap.setMapping(newPfn, null);
        }
        return moved;
    }
}
