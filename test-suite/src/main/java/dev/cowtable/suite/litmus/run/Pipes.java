package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;

/**
 * The pipes q0 to q7, which belong to no process: queues of page references.
 *
 * <p>Mirrors: vmsplice_to_pipe() and read() of a pipe (fs/splice.c, fs/pipe.c), both non-blocking.
 */
final class Pipes {
    private static final int PIPES = 8;
    /** PIPE_DEF_BUFFERS. */
    private static final int SLOTS = 16;

    private final Kernel kernel;
    private final long[] one = new long[1];
    private final Deque<Long>[] queues;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Pipes(Kernel kernel) {
        this.kernel = kernel;
        queues = new Deque[PIPES];
        for (int i = 0; i < PIPES; i++) {
            queues[i] = new ArrayDeque<>();
        }
    }

    /** Takes a reference on a page of the process and queues it; the bytes spliced, or a negative errno. */
    int vmsplice(LitmusProcess process, long vaddr, int pipe) {
        if (queues[pipe].size() == SLOTS) {
            return Errno.EAGAIN.code();
        }
        int had = kernel.gupStrategy().getUserPagesFast(process.cpu(), process.mm(), vaddr, 1, FollFlags.GET, one);
        if (had != 1) {
            return had < 0 ? had : Errno.EFAULT.code();
        }
        queues[pipe].add(one[0]);
        return (int) Paging.PAGE_BYTES;
    }

    /** First byte of the next page, whose reference goes; or -EAGAIN. */
    int read(Cpu cpu, int pipe) {
        Long pfn = queues[pipe].poll();
        if (pfn == null) {
            return Errno.EAGAIN.code();
        }
        int value = kernel.machine().memory().readByte(Paging.paddr(pfn)) & 0xff;
        put(cpu, pfn);
        return value;
    }

    /** Calls for each reference with the page's frame. */
    void forEachPage(LongConsumer consumer) {
        for (Deque<Long> queue : queues) {
            queue.forEach(consumer::accept);
        }
    }

    /** Drops all that is queued. */
    void drain(Cpu cpu) {
        for (Deque<Long> queue : queues) {
            queue.forEach(pfn -> put(cpu, pfn));
            queue.clear();
        }
    }

    private void put(Cpu cpu, long pfn) {
        one[0] = pfn;
        kernel.gupStrategy().putUserPages(cpu, one, 1);
    }
}
