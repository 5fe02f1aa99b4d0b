package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Step;

/**
 * A process whose every read is compared with what it should see: its own last write, or what its parent had when it
 * was forked.
 *
 * <p>A page is read by its first word and written as a whole, through the CPU's translation.
 */
public final class EmulatedProcess {
    private final Kernel kernel;
    private final MmStruct mm;
    private final Cpu cpu;
    private final String name;
    private final TouchablePages pages;
    private final ContentsOracle oracle;
    /** What each page holds for this process. */
    private final int[] stamps;

    EmulatedProcess(Kernel kernel, MmStruct mm, Cpu cpu, String name, TouchablePages pages, ContentsOracle oracle,
            int[] stamps) {
        this.kernel = kernel;
        this.mm = mm;
        this.cpu = cpu;
        this.name = name;
        this.pages = pages;
        this.oracle = oracle;
        this.stamps = stamps;
    }

    /** The same contents, as they are now, in a child's address space. */
    EmulatedProcess child(MmStruct childMm, Cpu childCpu, String childName) {
        return new EmulatedProcess(kernel, childMm, childCpu, childName, pages, oracle, stamps.clone());
    }

    MmStruct mm() {
        return mm;
    }

    Cpu cpu() {
        return cpu;
    }

    long vaddr(int page) {
        return pages.vaddr(page);
    }

    /** Reads a page and compares it. */
    public void read(int page) {
        readOn(cpu, page);
    }

    void readOn(Cpu which, int page) {
        long vaddr = pages.vaddr(page);
        long found = which.memory().physical().read(paddr(which, vaddr, Access.READ));
        oracle.read(name, vaddr, TouchablePages.word(page, stamps[page]), found);
    }

    /**
     * Fills a page with a new word.
     *
     * <p>Why: one word through the whole frame, so that no frame needs an array.
     */
    public void write(int page) {
        long paddr = paddr(cpu, pages.vaddr(page), Access.WRITE);
        stamps[page] = oracle.nextStamp();
        cpu.memory().fillFrame(Paging.pfn(paddr), TouchablePages.word(page, stamps[page]));
    }

    private long paddr(Cpu which, long vaddr, int access) {
        kernel.tlbFlush().switchMm(which, mm);
        which.step(Step.USER_ACCESS, vaddr);
        while (true) {
            long paddr = which.translate(vaddr, access | Access.USER);
            if (!Fault.isFault(paddr)) {
                return paddr;
            }
            UserFault outcome = kernel.userAccess().doUserAddrFault(which, mm, vaddr, paddr);
            if (outcome != UserFault.RETRY) {
                throw new IllegalStateException(name + " gets " + outcome + " at 0x" + Long.toHexString(vaddr));
            }
        }
    }
}
