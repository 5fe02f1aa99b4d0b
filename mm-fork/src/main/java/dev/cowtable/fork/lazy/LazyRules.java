package dev.cowtable.fork.lazy;

import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/** In what the designs that share without preparing differ, and where they do what they are known to do wrong. */
public interface LazyRules {
    /**
     * May the child share this table of the parent?
     *
     * <p>Locks: both mmap_locks for writing, pmd locks and ptl.
     */
    boolean mayShare(Cpu cpu, ForkPass pass, long block, PtDesc table);

    /** Whether a table is looked at when the first of its VMAs is copied, not when the last one has been. */
    default boolean sharesWithFirstVma() {
        return false;
    }

    /** Whether the last sharer takes the table over. */
    boolean reuses();

    /** Whether a break takes the right to write from the table's own entries too, not from the copy's only. */
    boolean protectsSource();

    /** The VMA by whose rules the break copies the entry of an address; null for none. */
    default @Nullable VmAreaStruct vmaFor(MmStruct mm, long block, long vaddr) {
        return mm.vmaLookup(vaddr);
    }

    /** Whether who asks for a private table gets none: the share is dropped with all that is in the table. */
    default boolean dereferences(BreakIntent intent) {
        return false;
    }

    /** Why a table that must be broken never is, or null. */
    default @Nullable String neverBroken(PtDesc table) {
        return null;
    }

    /** Whether the break flushes the PMD entry that it has switched. */
    default boolean flushesBreak() {
        return true;
    }

    /** Whether owner and accounts change under the hold of ptl under which the table is left. */
    default boolean locksOwner() {
        return true;
    }
}
