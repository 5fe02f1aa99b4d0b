package dev.cowtable.mm.fork;

import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.jspecify.annotations.Nullable;

/**
 * One fork on its way: which VMAs of the parent were handled, what the child got for each, and what is owed to the parent's TLBs.
 *
 * <p>Locks: used by the forking CPU alone, both mmap_locks held for writing.
 */
public final class ForkPass {
    private final MmStruct parent;
    private final MmStruct child;
    private final FlushDebt debt;
    private final VmAreaStruct[] sources;
    private final @Nullable VmAreaStruct[] copies;
    private int handled;

    ForkPass(MmStruct parent, MmStruct child) {
        this.parent = parent;
        this.child = child;
        this.debt = new FlushDebt(parent);
        this.sources = parent.vmas();
        this.copies = new VmAreaStruct[sources.length];
    }

    public MmStruct parent() {
        return parent;
    }

    public MmStruct child() {
        return child;
    }

    /** What write-protecting the parent's entries owes; settled once at the end of the fork. */
    public FlushDebt debt() {
        return debt;
    }

    void handled(@Nullable VmAreaStruct copy) {
        copies[handled++] = copy;
    }

    /** Number of the parent's VMAs handled so far; the last of them is the one that the strategy is called for. */
    public int handledCount() {
        return handled;
    }

    public VmAreaStruct source(int i) {
        return sources[i];
    }

    /** What the child got for the parent's VMA {@code i}: null if it was left out. */
    public @Nullable VmAreaStruct copy(int i) {
        return copies[i];
    }

    /** True if a VMA of the parent that was not handled yet begins below {@code vaddr}. */
    public boolean hasMoreBelow(long vaddr) {
        return handled < sources.length && sources[handled].start() < vaddr;
    }

    /**
     * True if a child needs the entries of VMA {@code i}: they can not be made again by faults.
     *
     * <p>Mirrors: vma_needs_copy(), and the skip of VM_WIPEONFORK in dup_mmap().
     */
    public boolean needsCopy(int i) {
        VmAreaStruct source = sources[i];
        return copies[i] != null && !source.has(VmFlags.WIPEONFORK)
                && (source.has(VmFlags.PFNMAP | VmFlags.MIXEDMAP | VmFlags.MAYBE_GUARD) || source.anonVma() != null);
    }
}
