package dev.cowtable.mm.access;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;

/** The bytes of a page that someone else than its process has in hand. */
final class ForeignPages {
    private final MemMap memMap;
    private final long zeroPfn;

    ForeignPages(Kernel kernel) {
        this.memMap = kernel.memMap();
        this.zeroPfn = kernel.zeroPfn();
    }

    static int readByte(Cpu cpu, long pfn, long vaddr) {
        return cpu.memory().readByte(paddr(pfn, vaddr)) & 0xff;
    }

    static void writeByte(Cpu cpu, long pfn, long vaddr, int value) {
        cpu.memory().writeByte(paddr(pfn, vaddr), (byte) value);
    }

    private static long paddr(long pfn, long vaddr) {
        return Paging.paddr(pfn) + (vaddr & (Paging.PAGE_BYTES - 1));
    }

    /** Marks a page that was written to without an entry's dirty bit: set_page_dirty_lock(). Its user holds a reference. */
    void setPageDirtyLock(Cpu cpu, long pfn) {
        if (pfn != zeroPfn && (memMap.flags(cpu, pfn) & PageFlags.DIRTY) == 0) {
            memMap.folioLock(cpu, pfn);
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
            memMap.folioUnlock(cpu, pfn);
        }
    }
}
