package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.mem.TableReader;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.tlb.Translation;

/**
 * The walk that changes nothing: tables and a 4 KiB page that are there, with A and, for a write, D set already.
 *
 * <p>Invariant: its answer is the one that {@link PageWalker} would give, which decides whenever there is none.
 *
 * <p>Why: most walks are of this kind, and without path, faults and flags to think of they take half the time.
 */
final class QuickWalk {
    private final TableReader tables;
    /** Of an entry that points to a table: these bits are P and A alone. */
    private long tableBits;
    /** Of a PTE: these bits are P and A alone. */
    private long pageBits;

    QuickWalk(PhysicalMemory memory) {
        this.tables = new TableReader(memory);
    }

    void modeChanged(ControlRegisters registers, ReservedBits reserved) {
        pageBits = Entry.P | Entry.A | reserved.ofPage();
        tableBits = Entry.P | Entry.A | Entry.PS | reserved.ofTable(registers.levels());
    }

    /** The leaf translation, or 0 if the walk is not of this kind; the rights are not looked at. */
    long walk(long start, long vaddr, int access) {
        long paddr = Translation.paddr(start);
        long rights = start;
        for (int level = Translation.level(start) - 1; level > 1; level--) {
            long entry = tables.read(level, paddr, Paging.index(vaddr, level));
            if ((entry & tableBits) != (Entry.P | Entry.A)) {
                return 0;
            }
            paddr = Entry.paddr(entry);
            rights = Translation.rights(rights, entry);
        }
        long pte = tables.read(1, paddr, Paging.index(vaddr, 1));
        boolean usable = (pte & pageBits) == (Entry.P | Entry.A)
                && ((access & Access.WRITE) == 0 || Entry.isDirty(pte));
        return usable ? Translation.leaf(rights, pte, 1) : 0;
    }
}
