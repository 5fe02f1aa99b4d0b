package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;

/**
 * O_DIRECT reads and writes of one page of the running process: the device reads or writes the frame itself while it is pinned.
 *
 * <p>Mirrors: bio_iov_iter_get_pages() with pin_user_pages_fast(), bio_set_pages_dirty() (block/bio.c).
 * <p>Locks: none, or mmap_lock for reading.
 */
public final class DirectIo {
    private static final int PAGE_BYTES = (int) Paging.PAGE_BYTES;
    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;

    private final Kernel kernel;
    private final GupStrategy gup;
    private final ForeignPages pages;

    public DirectIo(Kernel kernel) {
        this.kernel = kernel;
        this.gup = kernel.gupStrategy();
        this.pages = new ForeignPages(kernel);
    }

    /** A transfer between its start, which pins the page, and its end. */
    public final class Transfer {
        private final long[] pfn = {-1};

        /** The pinned frame. */
        public long pfn() {
            return pfn[0];
        }

        /** The device has done its work: unpins. */
        public void complete(Cpu cpu) {
            gup.unpinUserPages(cpu, pfn, 1);
        }
    }

    /**
     * Reads a file's page, all of whose bytes are {@code value}, into the page at {@code vaddr}.
     *
     * @return 4096 or a negative errno
     */
    public int read(Cpu cpu, MmStruct mm, long vaddr, int value) {
        Transfer transfer = new Transfer();
        int error = begin(cpu, mm, vaddr, true, transfer);
        if (error != 0) {
            return error;
        }
        cpu.memory().fillFrame(transfer.pfn(), (value & 0xff) * EACH_BYTE);
        transfer.complete(cpu);
        return PAGE_BYTES;
    }

    /**
     * Writes the page at {@code vaddr} to a file.
     *
     * @param out receives the bytes written
     * @return 4096 or a negative errno
     */
    public int write(Cpu cpu, MmStruct mm, long vaddr, byte[] out) {
        Transfer transfer = new Transfer();
        int error = begin(cpu, mm, vaddr, false, transfer);
        if (error != 0) {
            return error;
        }
        if (transfer.pfn() == kernel.zeroPfn()) {
            Arrays.fill(out, (byte) 0);
        } else {
            for (int i = 0; i < out.length; i++) {
                out[i] = (byte) ForeignPages.readByte(cpu, transfer.pfn(), i);
            }
        }
        transfer.complete(cpu);
        return PAGE_BYTES;
    }

    /**
     * Pins the page for a device, to be read into ({@code into}) or from; 0 or a negative errno.
     *
     * <p>Why apart: what happens to the page while the device works is a subject of its own.
     */
    public int begin(Cpu cpu, MmStruct mm, long vaddr, boolean into, Transfer transfer) {
        int flags = FollFlags.PIN | (into ? FollFlags.WRITE : 0);
        int had = gup.getUserPagesFast(cpu, mm, vaddr & -4096L, 1, flags, transfer.pfn);
        if (had != 1) {
            return had < 0 ? had : Errno.EFAULT.code();
        }
        if (into) {
            pages.setPageDirtyLock(cpu, transfer.pfn());
        }
        return 0;
    }
}
