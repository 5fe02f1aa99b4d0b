package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.PageRange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * The io_uring fixed buffers of one process: long-term write pins on whole ranges.
 *
 * <p>Mirrors: io_pin_pages(), io_sqe_buffer_register() (io_uring/memmap.c, rsrc.c).
 * <p>Differs: a buffer is unregistered by naming its range; a range that is not registered gives EINVAL.
 */
final class FixedBuffers {
    private static final int FLAGS = FollFlags.PIN | FollFlags.WRITE | FollFlags.LONGTERM;

    private record Buffer(long vaddr, long[] pfns) {}

    private final List<Buffer> buffers = new ArrayList<>();

    /** Pins a range; 0, or a negative errno with nothing pinned. */
    int register(GupStrategy gup, Cpu cpu, MmStruct mm, PageRange range) {
        long[] pfns = new long[Math.toIntExact(range.pages())];
        int had = gup.getUserPagesFast(cpu, mm, range.vaddr(), pfns.length, FLAGS, pfns);
        if (had == pfns.length) {
            buffers.add(new Buffer(range.vaddr(), pfns));
            return 0;
        }
        if (had > 0) {
            gup.unpinUserPages(cpu, pfns, had);
        }
        return had < 0 ? had : Errno.EFAULT.code();
    }

    /** Drops the latest buffer of exactly this range; 0 or -EINVAL. */
    int unregister(GupStrategy gup, Cpu cpu, PageRange range) {
        for (int i = buffers.size() - 1; i >= 0; i--) {
            Buffer buffer = buffers.get(i);
            if (buffer.vaddr == range.vaddr() && buffer.pfns.length == range.pages()) {
                gup.unpinUserPages(cpu, buffer.pfns, buffer.pfns.length);
                buffers.remove(i);
                return 0;
            }
        }
        return Errno.EINVAL.code();
    }

    /** Drops all buffers, as the end of the process does. */
    void unregisterAll(GupStrategy gup, Cpu cpu) {
        for (Buffer buffer : buffers) {
            gup.unpinUserPages(cpu, buffer.pfns, buffer.pfns.length);
        }
        buffers.clear();
    }

    /** Calls for each pin with the page's frame. */
    void forEachPage(LongConsumer consumer) {
        for (Buffer buffer : buffers) {
            for (long pfn : buffer.pfns) {
                consumer.accept(pfn);
            }
        }
    }

    /** VmPin. */
    long pinnedKib() {
        long pages = 0;
        for (Buffer buffer : buffers) {
            pages += buffer.pfns.length;
        }
        return pages * AreaLayout.PAGE_BYTES >> 10;
    }
}
