package dev.cowtable.mm.vma;

import org.jspecify.annotations.Nullable;

/**
 * One mremap() on its way.
 *
 * <p>Mirrors: struct vma_remap_struct (mm/mremap.c).
 */
final class Remap {
    /** MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP. */
    final int flags;
    final MmStruct mm;
    long addr;
    long oldLen;
    long newLen;
    long newAddr;
    @Nullable
    VmAreaStruct vma;
    /** Bytes at {@link #newAddr} plus the old length that must be faulted in, as the VMA is locked. */
    long populateBytes;

    Remap(MmStruct mm, long addr, long oldLen, long newLen, int flags, long newAddr) {
        this.mm = mm;
        this.addr = addr;
        this.oldLen = oldLen;
        this.newLen = newLen;
        this.flags = flags;
        this.newAddr = newAddr;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean shrinks() {
        return newLen < oldLen;
    }

    boolean expands() {
        return newLen > oldLen;
    }

    /** A new address is certain: vrm_implies_new_addr(). */
    boolean impliesNewAddr() {
        return has(Mremap.FIXED | Mremap.DONTUNMAP);
    }

    /** Nothing but a move, which may take several VMAs: vrm_move_only(). */
    boolean isMoveOnly() {
        return has(Mremap.FIXED) && oldLen == newLen;
    }

    boolean overlaps() {
        return addr + oldLen > newAddr && newAddr + newLen > addr;
    }

    VmAreaStruct requireVma() {
        VmAreaStruct known = vma;
        if (known == null) {
            throw new IllegalStateException("the VMA was not looked up again");
        }
        return known;
    }
}
