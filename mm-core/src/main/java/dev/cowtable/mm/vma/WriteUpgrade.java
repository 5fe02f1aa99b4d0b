package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;

/**
 * Whether an entry may be made writable at once, without the fault that would find out.
 *
 * <p>Mirrors: can_change_pte_writable() (mm/mprotect.c).
 */
public final class WriteUpgrade {
    private WriteUpgrade() {
    }

    /** True for an entry of a VMA with VM_WRITE whose write fault would do nothing but allow the write. */
    public static boolean canChangePteWritable(Kernel kernel, VmAreaStruct vma, long pte) {
        if (!vma.has(VmFlags.WRITE) || Pte.isProtnone(pte) || kernel.softDirty().needsWriteProtect(vma, pte)) {
            return false;
        }
        if (vma.has(VmFlags.UFFD_WP) && (pte & Pte.UFFD_WP) != 0) {
            return false;
        }
        if (vma.has(VmFlags.SHARED)) {
            return Pte.isDirty(pte);
        }
        return !Pte.isSpecial(pte) && kernel.memMap().testFlag(Pte.pfn(pte), PageFlags.ANON_EXCLUSIVE);
    }
}
