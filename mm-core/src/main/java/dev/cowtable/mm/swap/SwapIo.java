package dev.cowtable.mm.swap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Waitable;

/**
 * Moves contents between pages and slots.
 *
 * <p>An asynchronous write is collected by its CPU, sent off when the plug is pulled, and over at once: the device's interrupt comes on the
 * machine's last CPU.
 *
 * <p>Mirrors: mm/page_io.c, folio_end_writeback() (mm/filemap.c).
 * <p>Locks: the folio lock of the page that is written or read; a CPU's collected writes are its own.
 * <p>Differs: reading is done within the call. What an asynchronous write stores is what the page held when it began.
 */
final class SwapIo {
    private final Kernel kernel;
    private final MemMap memMap;
    private final int interruptedCpu;
    private final WriteQueue[] queues;
    private boolean holdWriteback;

    SwapIo(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.interruptedCpu = kernel.machine().cpuCount() - 1;
        this.queues = new WriteQueue[kernel.machine().cpuCount()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new WriteQueue();
        }
    }

    Swap.Written write(Cpu cpu, SwapInfo area, long pfn) {
        long slot = SwpEntry.offset(memMap.swap(pfn));
        if (area.contents(slot).store(cpu, SwapCluster.at(slot), pfn)) {
            return Swap.Written.DONE;
        }
        kernel.counters().add(cpu.id(), Counter.SWAP_OUT, 1);
        if (area.isSynchronous()) {
            return Swap.Written.DONE;
        }
        memMap.setFlag(cpu, pfn, PageFlags.WRITEBACK);
        queues[cpu.id()].add(pfn);
        return Swap.Written.UNDER_WAY;
    }

    /** Fills a page with what its slot holds. */
    void read(Cpu cpu, SwapInfo area, long slot, long pfn) {
        SlotContents contents = area.contents(slot);
        contents.load(cpu, SwapCluster.at(slot), pfn);
        memMap.setFlag(cpu, pfn, PageFlags.UPTODATE);
        kernel.counters().add(cpu.id(), Counter.SWAP_IN, contents.isZeroFilled(SwapCluster.at(slot)) ? 0 : 1);
    }

    // ---------------------------------------------------------------- when a write ends

    void startPlug(Cpu cpu) {
        queues[cpu.id()].plugs++;
    }

    void finishPlug(Cpu cpu) {
        queues[cpu.id()].plugs--;
        submitUnlessPlugged(cpu);
    }

    void submitUnlessPlugged(Cpu cpu) {
        if (queues[cpu.id()].plugs == 0 && !holdWriteback) {
            endWriteback(cpu);
        }
    }

    void holdWriteback(boolean hold) {
        holdWriteback = hold;
    }

    void endWriteback(Cpu cpu) {
        WriteQueue queue = queues[cpu.id()];
        for (int i = 0; i < queue.count(); i++) {
            long pfn = queue.pfn(i);
            kernel.lru().folioRotateReclaimable(cpu, interruptedCpu, pfn);
            memMap.clearFlag(cpu, pfn, PageFlags.WRITEBACK);
        }
        queue.clear();
    }

    /** Why: this CPU's own writes that a test holds back are ended here, as nobody else does it. */
    void waitOnWriteback(Cpu cpu, long pfn) {
        if (memMap.testFlag(pfn, PageFlags.WRITEBACK)) {
            endWriteback(cpu);
        }
        WritebackEnd end = new WritebackEnd(memMap, pfn);
        while (!end.isReady()) {
            cpu.await(end);
        }
    }

    private record WritebackEnd(MemMap memMap, long pfn) implements Waitable {
        @Override
        public boolean isReady() {
            return !memMap.testFlag(pfn, PageFlags.WRITEBACK);
        }

        @Override
        public String describe() {
            return "write-back of frame " + pfn;
        }
    }
}
