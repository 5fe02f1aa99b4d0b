package dev.cowtable.mm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One kernel with one address space, and the questions that tests ask of it; pages are numbered from {@link #BASE}. */
public final class MmLab {
    public static final long BASE = 0x2_0000_0000L;
    public static final long RW = VmFlags.READ | VmFlags.WRITE;
    public static final long RO = VmFlags.READ;

    public final Kernel kernel = TestDesign.kernel(TlbPolicy.ADVERSARIAL);
    public final Cpu cpu = kernel.machine().cpu(0);
    public final MmStruct mm = newMm();

    public static long at(long page) {
        return BASE + page * 4096;
    }

    public MmStruct newMm() {
        return Objects.requireNonNull(kernel.newMm(cpu));
    }

    // ---------------------------------------------------------------- system calls, ranges as [first, end) pages

    /** Maps private anonymous memory that is not charged, so that only its rights tell two mappings apart. */
    public void map(long first, long end, long prot) {
        map(mm, first, end, prot);
    }

    public void map(MmStruct in, long first, long end, long prot) {
        assertThat(kernel.memoryMap().mmapAnonymous(cpu, in, at(first), (end - first) * 4096, prot, true)).isZero();
    }

    public void mapCharged(long first, long end, long prot) {
        assertThat(kernel.memoryMap().mmapAnonymous(cpu, mm, at(first), (end - first) * 4096, prot, false)).isZero();
    }

    public void mapFlags(long first, long end, long flags, @Nullable AddressSpace file, long pgoff) {
        assertThat(kernel.memoryMap().mmapRegion(cpu, mm, at(first), (end - first) * 4096, flags, file, pgoff))
                .isZero();
    }

    public int munmap(long first, long end) {
        return kernel.memoryMap().munmap(cpu, mm, at(first), (end - first) * 4096);
    }

    public int mprotect(long first, long end, long prot) {
        return kernel.memoryMap().mprotect(cpu, mm, at(first), (end - first) * 4096, prot);
    }

    public MmStruct fork(MmStruct parent) {
        return Objects.requireNonNull(kernel.fork(cpu, parent));
    }

    // ---------------------------------------------------------------- accesses

    public void write(MmStruct in, long page, int value) {
        assertThat(faultOfWrite(in, page, value)).isNull();
    }

    public void write(long page, int value) {
        write(mm, page, value);
    }

    public int read(MmStruct in, long page) {
        long result = kernel.userAccess().readByte(cpu, in, at(page));
        assertThat(UserAccess.faultOf(result)).isNull();
        return (int) result;
    }

    public int read(long page) {
        return read(mm, page);
    }

    public @Nullable UserFault faultOfWrite(MmStruct in, long page, int value) {
        return UserAccess.faultOf(kernel.userAccess().writeByte(cpu, in, at(page), value));
    }

    public @Nullable UserFault faultOfRead(MmStruct in, long page) {
        return UserAccess.faultOf(kernel.userAccess().readByte(cpu, in, at(page)));
    }

    // ---------------------------------------------------------------- observations

    public VmAreaStruct vma(MmStruct in, long page) {
        return Objects.requireNonNull(in.vmaLookup(at(page)));
    }

    public VmAreaStruct vma(long page) {
        return vma(mm, page);
    }

    /** Physical address of the entry of a page whose table exists. */
    public long ptePaddr(MmStruct in, long page) {
        long pmd = cpu.memory().read(kernel.pageTables().pmdOffset(cpu, in, at(page)));
        return PageTables.ptePaddr(Objects.requireNonNull(kernel.pageTables().desc(pmd)), at(page));
    }

    public long pte(MmStruct in, long page) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, in, at(page));
        boolean table = pmdPaddr != PageTables.NO_ENTRY && PageTables.isTable(cpu.memory().read(pmdPaddr));
        return table ? cpu.memory().read(ptePaddr(in, page)) : Pte.NONE;
    }

    public long pte(long page) {
        return pte(mm, page);
    }

    public long pfn(MmStruct in, long page) {
        assertThat(Pte.isPresent(pte(in, page))).isTrue();
        return Pte.pfn(pte(in, page));
    }

    public long pfn(long page) {
        return pfn(mm, page);
    }

    public long count(Counter counter) {
        return kernel.counters().sum(counter);
    }

    /** Draws the first pages, a letter each: the VMA's rights, {@code .} for a hole, {@code |} where two VMAs touch. */
    public String picture(MmStruct in, int pages) {
        StringBuilder picture = new StringBuilder();
        VmAreaStruct previous = null;
        for (int page = 0; page < pages; page++) {
            VmAreaStruct vma = in.vmaLookup(at(page));
            picture.append(previous != null && vma != null && vma != previous ? "|" : "").append(letter(vma));
            previous = vma;
        }
        return picture.toString();
    }

    public String picture(int pages) {
        return picture(mm, pages);
    }

    private static char letter(@Nullable VmAreaStruct vma) {
        if (vma == null) {
            return '.';
        }
        if (vma.has(VmFlags.DONTCOPY)) {
            return 'd';
        }
        if (vma.has(VmFlags.WIPEONFORK)) {
            return 'z';
        }
        if (vma.has(VmFlags.EXEC)) {
            return 'x';
        }
        return vma.has(VmFlags.WRITE) ? 'w' : vma.has(VmFlags.READ) ? 'r' : '-';
    }

    /** Empties the LRU batches, which hold a reference on each new page. */
    public void drain() {
        kernel.lru().lruAddDrainAll(cpu);
    }

    /** Makes the CPU leave all address spaces of the test, with an empty TLB. */
    public void rest() {
        kernel.tlbFlush().switchMm(cpu, newMm());
    }

    public void assertConsistent() {
        assertThat(new InvariantChecker(kernel).check()).isEmpty();
    }

    /** A fault on a page of the first process as a caller under mmap_lock hands it in. */
    public int fault(long page, int flags) {
        mm.mmapLock().downRead(cpu);
        int result = kernel.fault().handleMmFault(cpu, vma(page), at(page), flags);
        mm.mmapLock().upRead(cpu);
        return result;
    }

    public boolean isExclusive(long pfn) {
        return kernel.memMap().testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
    }

    /** Page 0 of the first process is written and mapped by a child as well; answers the child. */
    public MmStruct writeAndFork() {
        map(0, 4, RW);
        write(0, 7);
        return fork(mm);
    }
}
