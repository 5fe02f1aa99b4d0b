package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** What the tests of GUP do and look at; remembers what was taken, so that the invariants can be checked with it. */
final class GupScene {
    static final int GET = FollFlags.GET;
    static final int PIN = FollFlags.PIN;
    static final int WRITE = FollFlags.WRITE;
    static final long READ_WRITE = VmFlags.READ | VmFlags.WRITE;

    final Kernel kernel;
    final Cpu cpu;
    /** What the last look-up found. */
    long[] pfns = new long[0];
    private final Map<Long, Integer> held = new HashMap<>();

    GupScene(Kernel kernel) {
        this.kernel = kernel;
        this.cpu = kernel.machine().cpu(0);
    }

    GupScene() {
        this(GupLab.kernel());
    }

    static long vaddr(int page) {
        return GupLab.VADDR + page * 4096L;
    }

    // ---------------------------------------------------------------- acts

    MmStruct process(int pages) {
        return GupLab.process(kernel, pages);
    }

    MmStruct fork(MmStruct parent) {
        return Objects.requireNonNull(kernel.fork(cpu, parent));
    }

    void map(MmStruct mm, int firstPage, int pages, long prot) {
        int error = kernel.memoryMap().mmapAnonymous(cpu, mm, vaddr(firstPage), pages * 4096L, prot, false);
        assertThat(error).isZero();
    }

    void protect(MmStruct mm, int firstPage, int pages, long prot) {
        assertThat(kernel.memoryMap().mprotect(cpu, mm, vaddr(firstPage), pages * 4096L, prot)).isZero();
    }

    void write(MmStruct mm, int page, int value) {
        assertThat(kernel.userAccess().writeByte(cpu, mm, vaddr(page), value)).isZero();
    }

    long read(MmStruct mm, int page) {
        return kernel.userAccess().readByte(cpu, mm, vaddr(page));
    }

    int slow(MmStruct mm, int firstPage, int pages, int follFlags) {
        pfns = new long[pages];
        return remember(kernel.gupStrategy().getUserPages(cpu, mm, vaddr(firstPage), pages, follFlags, pfns),
                follFlags);
    }

    int fast(MmStruct mm, int firstPage, int pages, int follFlags) {
        pfns = new long[pages];
        return remember(kernel.gupStrategy().getUserPagesFast(cpu, mm, vaddr(firstPage), pages, follFlags, pfns),
                follFlags);
    }

    private int remember(int had, int follFlags) {
        for (int i = 0; i < had; i++) {
            held.merge(pfns[i], (follFlags & PIN) != 0 ? MemMap.PIN_BIAS : 1, Integer::sum);
        }
        return had;
    }

    void unpin(long pfn) {
        kernel.gupStrategy().unpinUserPages(cpu, new long[] {pfn}, 1);
        held.merge(pfn, -MemMap.PIN_BIAS, Integer::sum);
    }

    void put(long pfn) {
        kernel.gupStrategy().putUserPages(cpu, new long[] {pfn}, 1);
        held.merge(pfn, -1, Integer::sum);
    }

    /** One byte of a frame, as a device sees it through a pin. */
    int byteOf(long pfn) {
        return cpu.memory().readByte(pfn << 12);
    }

    // ---------------------------------------------------------------- looks

    long pmdPaddr(MmStruct mm, int page) {
        return kernel.pageTables().pmdOffset(cpu, mm, vaddr(page));
    }

    long ptePaddr(MmStruct mm, int page) {
        PtDesc table = Objects.requireNonNull(kernel.pageTables().desc(cpu.memory().read(pmdPaddr(mm, page))));
        return PageTables.ptePaddr(table, vaddr(page));
    }

    long pte(MmStruct mm, int page) {
        return cpu.memory().read(ptePaddr(mm, page));
    }

    long pfn(MmStruct mm, int page) {
        return Pte.pfn(pte(mm, page));
    }

    /** References once no LRU batch holds one. */
    int refcount(long pfn) {
        kernel.lru().lruAddDrainAll(cpu);
        return kernel.memMap().pageRefCount(pfn);
    }

    boolean isExclusive(long pfn) {
        return kernel.memMap().testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
    }

    long count(Counter counter) {
        return kernel.counters().sum(counter);
    }

    void assertKernelIsConsistent() {
        HeldReferences references = pfn -> pfn == kernel.zeroPfn() ? 0 : held.getOrDefault(pfn, 0);
        assertThat(new InvariantChecker(kernel).check(references)).isEmpty();
    }
}
