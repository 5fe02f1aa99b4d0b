package dev.cowtable.fork.owner;

import dev.cowtable.fork.lazy.LazyRules;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * The series as it was posted, in what its reviewers found wrong; each method is one finding.
 *
 * <p>Differs: an unmapping that splits a VMA dereferences as well, where the series broke at the split; the VMA for which a break is done is taken
 * to be the first of the 2 MiB, where the series used the faulting one.
 */
final class PostedRules implements LazyRules {
    /** All tables but marked ones, whatever else lies in them: DONTCOPY, WIPEONFORK and shared mappings come along. */
    @Override
    public boolean mayShare(Cpu cpu, ForkPass pass, long block, PtDesc table) {
        return !table.isOwnExclusive();
    }

    @Override
    public boolean sharesWithFirstVma() {
        return true;
    }

    @Override
    public boolean reuses() {
        return true;
    }

    @Override
    public boolean protectsSource() {
        return true;
    }

    /** The break is done in three pieces: all up to the own VMA, that VMA, and all behind it, by the rules of the neighbour there. */
    @Override
    public @Nullable VmAreaStruct vmaFor(MmStruct mm, long block, long vaddr) {
        VmAreaStruct own = mm.findVma(block);
        VmAreaStruct next = own == null ? null : mm.findVma(own.end());
        boolean behind = own != null && vaddr >= own.end() && next != null
                && next.start() < block + PageTables.PMD_BYTES;
        return behind ? next : own;
    }

    /** zap and rmap drop the whole table, however small the part that is to go. */
    @Override
    public boolean dereferences(BreakIntent intent) {
        return intent == BreakIntent.UNMAP || intent == BreakIntent.MADVISE || intent == BreakIntent.RMAP;
    }

    /** The mark stands in the place of the owner, so a marked table does not look shared, and its PMD entry stays write-protected. */
    @Override
    public @Nullable String neverBroken(PtDesc table) {
        return table.isOwnExclusive()
                ? "a shared table that is marked COW_PTE_OWN_EXCLUSIVE is never broken: the fault comes for ever"
                : null;
    }

    @Override
    public boolean flushesBreak() {
        return false;
    }

    @Override
    public boolean locksOwner() {
        return false;
    }
}
