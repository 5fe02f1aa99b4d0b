package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import java.util.HashSet;
import java.util.Set;

/**
 * Compares objects of shared memory with the VMAs that map them, the pages that they hold and the swap slots that they
 * use.
 */
final class FileCheck {
    private final Kernel kernel;
    private final MemMap memMap;
    private final Violations violations;

    FileCheck(Kernel kernel, Violations violations) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.violations = violations;
    }

    /** Every VMA of a file is in its i_mmap, once. */
    void checkMappers(MmStruct mm) {
        for (VmAreaStruct vma : mm.vmas()) {
            AddressSpace file = vma.file();
            if (file == null || file.isOpaque()) {
                continue;
            }
            int listed = 0;
            for (VmAreaStruct mapper : file.mappers()) {
                listed += mapper == vma ? 1 : 0;
            }
            violations.require(listed == 1, "RM " + mm + " maps " + file + " by " + vma + ", which is " + listed
                    + " times among its mappers");
        }
    }

    /** A mapped page of a file is the one that its file has there. */
    void checkMapped(VmAreaStruct vma, long vaddr, long pfn) {
        AddressSpace file = vma.file();
        if (file != null && !file.isOpaque()
                && (memMap.mapping(pfn) != file || memMap.index(pfn) != vma.linearPageIndex(vaddr))) {
            violations.add("RM frame " + pfn + ", mapped by " + vma.mm() + " at 0x" + Long.toHexString(vaddr)
                    + ", is not what " + file + " has there");
        }
    }

    /** A page that says that it is in a page cache is found there. */
    void checkPage(long pfn) {
        if (memMap.mapping(pfn) instanceof AddressSpace file && !file.caches(memMap.index(pfn), pfn)) {
            violations.add("RM frame " + pfn + " says that " + file + " holds it, and is not found there");
        }
    }

    /** Every slot that shared memory uses is named by one object, once. */
    void checkSwap() {
        Set<Long> named = new HashSet<>();
        kernel.shmem().swap().forEachSwapEntry(entry -> {
            SwapInfo area = kernel.swap().area(SwpEntry.type(entry));
            boolean known = area != null && area.isShmem(SwpEntry.offset(entry));
            violations.require(known && named.add(entry), "SW swap slot " + SwpEntry.offset(entry)
                    + " is named by an object of shared memory and is not its own");
        });
        long used = 0;
        for (int type = 0; type < SwpEntry.MAX_SWAPFILES; type++) {
            SwapInfo area = kernel.swap().area(type);
            for (long slot = 0; area != null && slot < area.slots(); slot++) {
                used += area.isShmem(slot) ? 1 : 0;
            }
        }
        violations.require(used == named.size(),
                "SW shared memory uses " + used + " swap slots and names " + named.size());
    }
}
