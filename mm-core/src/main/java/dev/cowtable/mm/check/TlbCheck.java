package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import org.jspecify.annotations.Nullable;

/** Compares everything that a CPU has cached with what its tables say now: a cached right that is gone means a missing flush. */
final class TlbCheck {
    private final Kernel kernel;
    private final PhysicalMemory memory;
    private final Violations violations;

    TlbCheck(Kernel kernel, Violations violations) {
        this.kernel = kernel;
        this.memory = kernel.machine().memory();
        this.violations = violations;
    }

    void check() {
        for (int i = 0; i < kernel.machine().cpuCount(); i++) {
            check(kernel.machine().cpu(i));
        }
    }

    private void check(Cpu cpu) {
        MmStruct mm = kernel.tlbFlush().loadedMm(cpu);
        violations.require(mm == null || (mm.cpumask() >>> cpu.id() & 1) == 1,
                "I6 CPU " + cpu.id() + " runs " + mm + " and is not in its cpumask");
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> {
            long entry = mm == null ? 0 : entryAt(mm, vaddr, sizeBytes == Paging.PAGE_BYTES ? 1 : 2);
            boolean reached = Entry.isPresent(entry) && Entry.pfn(entry) == pfn;
            boolean allowed = reached && (!writable || isWritable(mm, vaddr));
            violations.require(allowed,
                    "I6 CPU " + cpu.id() + " still translates 0x" + Long.toHexString(vaddr) + " of " + mm
                            + " to frame " + pfn + (reached ? " for writing" : ""));
        });
        cpu.forEachPagingStructureEntry((pcid, level, vaddr, nextTablePaddr, writable, user) -> {
            long entry = mm == null ? 0 : entryAt(mm, vaddr, level);
            boolean reached = PageTables.isTable(entry) && Entry.paddr(entry) == nextTablePaddr;
            boolean allowed = reached && (!writable || Entry.isWritable(entry));
            violations.require(allowed,
                    "I6 CPU " + cpu.id() + " still reaches the table in frame " + (nextTablePaddr >>> 12)
                            + " for 0x" + Long.toHexString(vaddr) + " of " + mm);
        });
    }

    /** The entry of one level for an address, or 0 if the walk ends above it. */
    private long entryAt(MmStruct mm, long vaddr, int wanted) {
        long table = mm.pgdPaddr();
        for (int level = Paging.TOP_LEVEL;; level--) {
            long entry = memory.read(PageTables.entryPaddr(table, vaddr, level));
            if (level == wanted) {
                return entry;
            }
            if (!PageTables.isTable(entry)) {
                return 0;
            }
            table = Entry.paddr(entry);
        }
    }

    private boolean isWritable(@Nullable MmStruct mm, long vaddr) {
        return mm != null && Entry.isWritable(entryAt(mm, vaddr, 1)) && Entry.isWritable(entryAt(mm, vaddr, 2));
    }
}
