package dev.cowtable.suite.bench;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Random;

/**
 * A machine with nothing above it: some user pages mapped, every feature of the paging unit switched on, a PCID and a
 * key that are not 0.
 */
final class PagingScene {
    static final int USER_READ = Access.READ | Access.USER;
    static final int PCID = 5;

    private static final long FEATURES = Cr4.PAE | Cr4.PGE | Cr4.PCIDE | Cr4.SMEP | Cr4.SMAP | Cr4.PKE | Cr4.PKS;
    private static final long TABLE = Entry.P | Entry.RW | Entry.US | Entry.A;
    private static final long BASE_VADDR = 1L << 46;
    private static final long MEMORY_BYTES = 1L << 36;
    private static final long KEY = 3L << Entry.KEY_SHIFT;
    /** Key 1 is closed to writes, key 2 to all. */
    private static final int KEY_RIGHTS = 2 << 2 | 1 << 4;

    final Machine machine;
    final Cpu cpu;
    final long[] vaddrs;
    /** Of the pages, in the order of {@link #vaddrs}. */
    final long[] paddrs;
    private long nextPaddr = Paging.PAGE_BYTES;
    private final long root = newFrame();

    /** Maps {@code pages} pages, {@code strideBytes} apart. */
    PagingScene(TlbPolicy policy, int cpus, int pages, long strideBytes) {
        machine = Machine.builder().cpus(cpus).memoryBytes(MEMORY_BYTES).tlbPolicy(policy).build();
        vaddrs = new long[pages];
        paddrs = new long[pages];
        for (int i = 0; i < pages; i++) {
            vaddrs[i] = BASE_VADDR + i * strideBytes;
            paddrs[i] = map(vaddrs[i]);
        }
        for (int id = 0; id < cpus; id++) {
            switchOn(machine.cpu(id));
        }
        cpu = machine.cpu(0);
    }

    private void switchOn(Cpu one) {
        if ((one.movToCr4(FEATURES) | one.movToCr3(cr3())) != 0) {
            throw new IllegalStateException("a register refuses its value");
        }
        one.wrpkru(KEY_RIGHTS);
        one.writePkrs(KEY_RIGHTS);
    }

    /** Root and PCID of the pages' address space. */
    long cr3() {
        return root | PCID;
    }

    private long newFrame() {
        long paddr = nextPaddr;
        nextPaddr += Paging.PAGE_BYTES;
        return paddr;
    }

    private long map(long vaddr) {
        long table = root;
        for (int level = Paging.TOP_LEVEL; level > 1; level--) {
            long slot = slot(table, vaddr, level);
            if (machine.memory().read(slot) == 0) {
                machine.memory().write(slot, newFrame() | TABLE);
            }
            table = Entry.paddr(machine.memory().read(slot));
        }
        long paddr = newFrame();
        machine.memory().write(slot(table, vaddr, 1), paddr | TABLE | Entry.D | KEY);
        return paddr;
    }

    private static long slot(long table, long vaddr, int level) {
        return table + (long) Paging.ENTRY_BYTES * Paging.index(vaddr, level);
    }

    /**
     * Makes a random round through the pages: each page's first word is the linear address of the next page, its second
     * word the physical address of the next page's second word.
     */
    void chain() {
        int[] order = shuffled(vaddrs.length);
        for (int i = 0; i < order.length; i++) {
            int page = order[i];
            int next = order[(i + 1) % order.length];
            machine.memory().write(paddrs[page], vaddrs[next]);
            machine.memory().write(paddrs[page] + Long.BYTES, paddrs[next] + Long.BYTES);
        }
    }

    private static int[] shuffled(int size) {
        Random random = new Random(1);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }
}
