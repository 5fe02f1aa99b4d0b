package dev.cowtable.mm.spi;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * A flavour of get_user_pages: how pages are looked up and referenced for someone who is not the process.
 *
 * <p>Flags are those of {@link dev.cowtable.mm.gup.FollFlags}.
 */
public interface GupStrategy {
    /** The name under which the flavour is chosen. */
    String name();

    /**
     * Takes references on, or pins, the pages of a range.
     *
     * <p>Mirrors: __get_user_pages() behind get_user_pages() and pin_user_pages().
     * <p>Locks: takes mmap_lock for reading.
     *
     * @param pfns receives the frame numbers
     * @return number of pages had, which may be less than asked for, or a negative errno if none
     */
    int getUserPages(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns);

    /**
     * As {@link #getUserPages} on the mm that runs on this CPU, trying without locks first.
     *
     * <p>Mirrors: get_user_pages_fast() and pin_user_pages_fast().
     */
    int getUserPagesFast(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns);

    /** Drops what FOLL_PIN took. */
    void unpinUserPages(Cpu cpu, long[] pfns, int nrPages);

    /** Drops what FOLL_GET took. */
    void putUserPages(Cpu cpu, long[] pfns, int nrPages);
}
