package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.List;

/**
 * Checks every invariant of the memory management over the whole machine at rest.
 *
 * <pre>
 * I1  counts      refcount, mapcount, swap counts and RSS are the sums of what the tables hold (dossier I1, I7; linux-mm 1-4)
 * I2  shared      a table with more than one share holds no writable, exclusive or exclusively swapped entry
 * I3  frozen      no entry of such a table has changed since the last check, but for A
 * I4  pmd         what the design promises of PMD entries at shared tables
 * I5  vma         every entry lies in a VMA of every process that reaches it
 * I6  reach       no TLB or paging-structure cache reaches what the tables do not allow; nothing free is named
 * I8  tables      share counts, VmPTE and the number of table pages agree with the tables found
 * AE  exclusive   a writable anonymous entry is exclusive; an exclusive page or entry is the only one (linux-mm 5, 6, 8)
 * RM  rmap        every mapped page is found through its anon_vma, or in its file, and so is every mapper (linux-mm 11)
 * SW  swap        the swap cache and the pages in it name each other; entries name slots that exist (linux-mm 3, 6)
 * LR  LRU         a page is on the one list that its flags say, or on none
 * FD  flush       no flush is owed at rest
 * LK  locks       no lock is held at rest; a folio lock is, by who moves the page
 * </pre>
 *
 * <p>Locks: none; all CPUs must be at rest. Reads memory without scheduling points.
 */
public final class InvariantChecker {
    private final Kernel kernel;

    public InvariantChecker(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Checks with no references but those of page tables. */
    public List<String> check() {
        return check(HeldReferences.NONE);
    }

    /** One sentence for each violation, none if all is well. */
    public List<String> check(HeldReferences held) {
        Violations violations = new Violations();
        TableScan scan = new TableScan(kernel, violations);
        FileCheck files = new FileCheck(kernel, violations);
        files.checkSwap();
        AnonVmaCheck anonVmas = new AnonVmaCheck(violations);
        for (MmStruct mm : kernel.mms()) {
            scan.scan(mm);
            files.checkMappers(mm);
            anonVmas.scan(mm);
            violations.require(mm.tlbFlushPending() == 0, "FD a flush of " + mm + " is still owed");
        }
        scan.finish();
        anonVmas.finish();
        new PageCheck(kernel, scan, files, violations).check(held);
        new TlbCheck(kernel, violations).check();
        for (int i = 0; i < kernel.machine().cpuCount(); i++) {
            Cpu cpu = kernel.machine().cpu(i);
            violations.require(kernel.lockdep().heldCount(cpu) == 0, "LK CPU " + i + " holds a lock at rest");
        }
        return violations.list();
    }
}
