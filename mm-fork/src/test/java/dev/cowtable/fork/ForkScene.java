package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Objects;
import java.util.stream.Stream;

/** What the tests of fork designs do and look at; pages are numbered from {@link ForkLab#VADDR}, 512 to a PTE table. */
final class ForkScene {
    static final long READ_WRITE = VmFlags.READ | VmFlags.WRITE;

    final Kernel kernel;
    final Cpu cpu;
    private long pinnedPfn = -1;

    ForkScene(Kernel kernel) {
        this.kernel = kernel;
        this.cpu = kernel.machine().cpu(0);
    }

    static ForkScene relaxed() {
        return new ForkScene(ForkLab.relaxed());
    }

    static Stream<ForkScene> eachDesign() {
        return ForkLab.eachDesign().stream().map(ForkScene::new);
    }

    static long vaddr(int page) {
        return ForkLab.VADDR + page * 4096L;
    }

    // ---------------------------------------------------------------- acts

    MmStruct process(int pages) {
        return ForkLab.process(kernel, pages);
    }

    MmStruct emptyProcess() {
        return Objects.requireNonNull(kernel.newMm(cpu));
    }

    void map(MmStruct mm, int firstPage, int pages, long prot) {
        int error = kernel.memoryMap().mmapAnonymous(cpu, mm, vaddr(firstPage), pages * 4096L, prot, false);
        assertThat(error).isZero();
    }

    void writeAll(MmStruct mm, int firstPage, int pages, int value) {
        for (int page = firstPage; page < firstPage + pages; page++) {
            write(mm, page, value);
        }
    }

    void write(MmStruct mm, int page, int value) {
        assertThat(tryWrite(mm, page, value)).isZero();
    }

    long tryWrite(MmStruct mm, int page, int value) {
        return kernel.userAccess().writeByte(cpu, mm, vaddr(page), value);
    }

    long read(MmStruct mm, int page) {
        return kernel.userAccess().readByte(cpu, mm, vaddr(page));
    }

    MmStruct fork(MmStruct parent) {
        return Objects.requireNonNull(kernel.fork(cpu, parent));
    }

    void exit(MmStruct mm) {
        kernel.exitMmap(cpu, mm);
    }

    int munmap(MmStruct mm, int firstPage, int pages) {
        return kernel.memoryMap().munmap(cpu, mm, vaddr(firstPage), pages * 4096L);
    }

    /** A pin as GUP takes it: the bias on the page and the mark on the process. */
    void pin(MmStruct mm, int page) {
        mm.setHasPinned(cpu);
        pinnedPfn = pfn(mm, page);
        kernel.memMap().pageRefAdd(cpu, pinnedPfn, MemMap.PIN_BIAS);
    }

    void unpin() {
        kernel.putPages(cpu, pinnedPfn, MemMap.PIN_BIAS);
        pinnedPfn = -1;
    }

    /** Puts a swap entry in the place of a page that was not touched; its slot. */
    long swapEntry(MmStruct mm, int page) {
        assertThat(new OpaquePages(kernel).installSwapEntry(cpu, vma(mm, page), vaddr(page))).isTrue();
        return SwpEntry.offset(pte(mm, page));
    }

    void drain() {
        kernel.lru().lruAddDrainAll(cpu);
    }

    // ---------------------------------------------------------------- looks

    VmAreaStruct vma(MmStruct mm, int page) {
        return Objects.requireNonNull(mm.vmaLookup(vaddr(page)));
    }

    boolean hasTable(MmStruct mm, int page) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr(page));
        return pmdPaddr != PageTables.NO_ENTRY && PageTables.isTable(cpu.memory().read(pmdPaddr));
    }

    long pmd(MmStruct mm, int page) {
        return cpu.memory().read(kernel.pageTables().pmdOffset(cpu, mm, vaddr(page)));
    }

    boolean pmdIsWritable(MmStruct mm, int page) {
        return Entry.isWritable(pmd(mm, page));
    }

    PtDesc table(MmStruct mm, int page) {
        return Objects.requireNonNull(kernel.pageTables().desc(pmd(mm, page)));
    }

    long pte(MmStruct mm, int page) {
        return cpu.memory().read(PageTables.ptePaddr(table(mm, page), vaddr(page)));
    }

    long pfn(MmStruct mm, int page) {
        return Pte.pfn(pte(mm, page));
    }

    /** References once no LRU batch holds one. */
    int refcount(MmStruct mm, int page) {
        drain();
        return kernel.memMap().pageRefCount(pfn(mm, page));
    }

    int mapcount(MmStruct mm, int page) {
        return kernel.memMap().mapcount(pfn(mm, page));
    }

    boolean isExclusive(MmStruct mm, int page) {
        return kernel.memMap().testFlag(pfn(mm, page), PageFlags.ANON_EXCLUSIVE);
    }

    long count(Counter counter) {
        return kernel.counters().sum(counter);
    }

    long tables() {
        return kernel.pageTables().physicalTables();
    }

    /** Free pages once no LRU batch keeps one. */
    long freePages() {
        drain();
        return kernel.pageAllocator().freePageCount();
    }

    void assertKernelIsConsistent() {
        HeldReferences held = pfn -> pfn == pinnedPfn ? MemMap.PIN_BIAS : 0;
        assertThat(new InvariantChecker(kernel).check(held)).isEmpty();
    }

    @Override
    public String toString() {
        return kernel.forkStrategy().name();
    }
}
