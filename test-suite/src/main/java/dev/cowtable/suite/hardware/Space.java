package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;

/**
 * The page tables of one address space of a test.
 *
 * <p>All pages lie in one GiB; each has a cache line of entries for itself.
 */
public final class Space {
    /** What an entry above a leaf holds: all rights, and A set. */
    public static final long TABLE = Entry.P | Entry.RW | Entry.US | Entry.A;
    private static final long FIRST_VADDR = 0x4000_0000L;
    private static final long SPACING_BYTES = 8 * Paging.PAGE_BYTES;

    private final Stage stage;
    private final PhysicalMemory memory;
    private final long root;

    Space(Stage stage, PhysicalMemory memory) {
        this.stage = stage;
        this.memory = memory;
        this.root = stage.newFrame();
    }

    /** For CR3. */
    public long root() {
        return root;
    }

    /** The linear address of page {@code i}, 0 to 63 in the first 2 MiB, further ones in the next. */
    public static long vaddr(int i) {
        return FIRST_VADDR + i * SPACING_BYTES;
    }

    /** A page whose entry no instruction of the test changes. */
    public Page fixed(int i, long framePaddr) {
        return map(i, framePaddr | Stage.DATA);
    }

    /** A page whose entry is written, or gets A or D set, in the test. */
    public Page page(int i, long entry) {
        Page page = map(i, entry);
        stage.declare(page.entryPaddr());
        return page;
    }

    private Page map(int i, long entry) {
        long paddr = entryPaddr(vaddr(i), 1);
        memory.write(paddr, entry);
        return new Page(vaddr(i), paddr, entry);
    }

    /** A large page that the test changes. */
    public Page largePage(int i, long entry) {
        long paddr = entryPaddr(vaddr(i), 2);
        memory.write(paddr, entry | Entry.PS);
        stage.declare(paddr);
        return new Page(vaddr(i), paddr, entry | Entry.PS);
    }

    /** The PDE above a page, which the test changes. */
    public Page tableOf(Page page) {
        long paddr = entryPaddr(page.vaddr(), 2);
        stage.declare(paddr);
        return new Page(page.vaddr(), paddr, memory.read(paddr));
    }

    /** Lets the PDE of page {@code i} point to the table of another page: that page's address by the new way. */
    public long alias(int i, Page page) {
        memory.write(entryPaddr(vaddr(i), 2), memory.read(entryPaddr(page.vaddr(), 2)));
        return (vaddr(i) & -Paging.sizeBytes(2)) | (page.vaddr() & (Paging.sizeBytes(2) - 1));
    }

    /** Where the entry of the level is, in tables that are made where there are none. */
    private long entryPaddr(long vaddr, int level) {
        long table = root;
        for (int above = Paging.TOP_LEVEL; above > level; above--) {
            long paddr = slot(table, vaddr, above);
            if (memory.read(paddr) == 0) {
                memory.write(paddr, stage.newFrame() | TABLE);
            }
            table = Entry.paddr(memory.read(paddr));
        }
        return slot(table, vaddr, level);
    }

    /** Where a table at this address holds the entry for a linear one. */
    public static long slot(long tablePaddr, long vaddr, int level) {
        return tablePaddr + (long) Paging.index(vaddr, level) * Paging.ENTRY_BYTES;
    }
}
