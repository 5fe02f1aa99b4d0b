package dev.cowtable.mm.spi;

import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A fork design: how page tables reach the child, and what it takes to change a table that is shared.
 *
 * <p>One instance serves one kernel. mm-core calls it at fork, before any change of a shared PTE table, and when a shared table
 * goes away as a whole; it never asks which strategy is running.
 */
public interface ForkStrategy {

    /** The name under which the design is chosen, with its options. */
    String name();

    /**
     * One VMA of the parent has been duplicated, or left out of the child; called in address order, once for each VMA.
     *
     * <p>Mirrors: copy_page_range() as called by dup_mmap().
     * <p>Locks: both mmap_locks for writing; {@code src} and all VMAs before it are write-locked until fork ends; inside the parent's
     * write_protect_seq write section.
     * <p>Flush: what fork owes to the parent's CPUs is recorded in the pass; dup_mmap() settles it before it drops the lock.
     *
     * @param dst the child's VMA, or null if the child does not get one (VM_DONTCOPY)
     * @return 0 or -ENOMEM; after a failure the child is torn down as any other mm
     */
    int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst);

    /**
     * Gives {@code mm} private PTE tables in a range, before entries there are changed.
     *
     * <p>Locks: mmap_lock or the VMA's lock, or an rmap lock; no spin lock. Takes pmd lock and ptl. That a table is private must be
     * looked at again under its ptl.
     * <p>Flush: own debts are settled before this returns.
     */
    BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent);

    /**
     * Drops {@code mm}'s share of the table that a PMD entry points at, all of whose entries go away, without copying it.
     *
     * <p>Never allocates and never fails. Locks: takes pmd lock and ptl.
     * <p>Flush: un-accounting and the drop of the share are given to the gather, which does them after its flush.
     *
     * @return false if the table turned out to be private: the caller clears its entries one by one
     */
    boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr);

    /**
     * How many times each entry of a table counts in refcount, mapcount and swap counts when all CPUs are at rest (dossier I1).
     */
    default int pageContribution(PtDesc table) {
        return table.sharerCount();
    }

    /**
     * Whether a shared table's pages and the table itself count in RSS and VmPTE of one of its sharers when all CPUs are at rest.
     */
    default boolean accountsTo(PtDesc table, MmStruct mm) {
        return true;
    }

    /** Whether every entry of a shared table is read-only and not exclusive; else only the PMD entries keep its sharers from writing (I2). */
    default boolean preparesEntries() {
        return true;
    }

    /**
     * Why the design can not do an operation, or null if it can. Asked at the entry of the operation, before a lock is taken or
     * anything is changed; a table that becomes shared meanwhile is not seen.
     *
     * @param end end of the range; {@code start} 0 and {@code end} {@code Long.MAX_VALUE} for a whole address space
     */
    default @Nullable String refusal(Cpu cpu, @Nullable MmStruct mm, Operation operation, long start, long end) {
        return null;
    }

    /**
     * Asks {@link #refusal}.
     *
     * @throws UnsupportedOperationException with the reason, if there is one
     */
    default void require(Cpu cpu, @Nullable MmStruct mm, Operation operation, long start, long end) {
        String reason = refusal(cpu, mm, operation, start, end);
        if (reason != null) {
            throw new UnsupportedOperationException(reason);
        }
    }

    /**
     * May one entry of a shared table be changed once, in the name of all its sharers, instead of breaking the table for each of them?
     *
     * <p>Asked by walks of the reverse map that take a page away. Who gets true changes the entry's counts {@link #editWeight} times, those of
     * each sharer once, and calls {@link #flushSharers} before anything depends on the change.
     * <p>Locks: ptl of the table is held, from here to the end of the change.
     */
    default boolean editsInPlace(Cpu cpu, PtDesc table) {
        return false;
    }

    /** How many references, mappings and swap counts an entry stands for that is edited in place. Locks: ptl of the table. */
    default int editWeight(PtDesc table) {
        return table.sharerCount();
    }

    /**
     * Leaves no translation of one page on any CPU of any sharer of a table; only a design that edits in place is asked to.
     *
     * <p>Locks: ptl of the table; interrupts enabled.
     */
    default void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
        throw new IllegalStateException(name() + " does not edit shared tables in place");
    }

    /**
     * Whether consecutive entries that map consecutive pages of one large folio are counted together, at fork and when they are unmapped, as
     * Linux does since 6.9; else each is handled by itself. Pages and contents are the same either way.
     */
    default boolean batchesFolios() {
        return true;
    }

    /** Reports what this design promises of a table beyond the common invariants, and what is broken. */
    default void checkTable(Cpu cpu, PtDesc table, Consumer<String> violations) {
    }
}
