package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.Mutant.core;
import static dev.cowtable.suite.history.Mutant.gup;
import static dev.cowtable.suite.history.Mutant.program;
import static dev.cowtable.suite.history.Mutant.race;
import static dev.cowtable.suite.history.Mutant.relaxed;

import dev.cowtable.suite.history.Mutant.Way;
import java.util.List;

/** The catalogue's bugs that concern anonymous memory, by number. */
final class HistoricalBugs {
    private static final String WRITE_FAULT = "fault/WriteProtectFault.java";
    private static final String MOVE_PTES = "vma/MovePtes.java";
    private static final String TLB_FLUSH = "tlb/TlbFlush.java";
    private static final String SWAP_FAULT = "fault/SwapFault.java";
    private static final String SHAREABLE =
            "return isMigration(entry) ? readableMigration(entry) : clearExclusive(entry);";
    private static final String SWAPPED_FORK =
            "swap zram; P0 mmap A pages=1; P0 write A+0 1; P0 madvise A pageout; P0 fork P1; "
                    + "P0 write A+0 2; P1 read A+0";
    private static final String OLD_ENTRY =
            "long old = kernel.tlbFlush().ptepClearFlush(cpu, vma.mm(), vaddr, ptePaddr);";

    private static final String NESTED = "return mm.tlbFlushPending() > (debt.isOwed() ? 2 : 1);";
    private static final String SWITCH =
            "next.setCpu(cpu.id()); loadedMm[cpu.id()] = next; cpu.movToCr3(next.pgdPaddr());";
    /** What a CPU may do as soon as it has new tables. */
    private static final String SPECULATE =
            " cpu.readByte(0x4000_0000L, dev.cowtable.mmu.entry.Access.USER); cpu.step(dev.cowtable.mmu.exec.Step.FLUSH, 0); ";

    /** No bug: the order of a switch as it is, on a CPU that speculates. */
    static final Mutant SPECULATION = race("", "a CPU speculates when it switches", "", "switch-unmap",
            core(TLB_FLUSH, SWITCH, SWITCH + SPECULATE));

    private HistoricalBugs() {
    }

    static List<Mutant> all() {
        return List.of(
                program("H04", "reuse by mapcount: a reference of another process is not asked for",
                        "pipes hold [2] and not [1]",
                        "P0 mmap A pages=1; P0 write A+0 1; P0 fork P1; P1 vmsplice A 0 -> q0; P1 munmap A; P0 write A+0 2; "
                                + "P1 readpipe q0",
                        core(WRITE_FAULT, "hasOtherReferences(cpu, pfn) ||", "memMap.mapcount(pfn) != 1 ||"),
                        core(WRITE_FAULT, "boolean only = memMap.pageRefCount(cpu, pfn) == 1;",
                                "boolean only = memMap.mapcount(pfn) == 1;")),
                program("H05", "reuse by refcount: a pinned page of one process is copied away from its pin", "pin",
                        "P0 mmap A pages=1; P0 write A+0 1; P0 pin A 0 1; P0 mprotect A r; P0 mprotect A rw; P0 write A+0 2",
                        core(WRITE_FAULT, "if ((pageFlags & PageFlags.ANON_EXCLUSIVE) != 0) { return true; }", ""),
                        core("vma/WriteUpgrade.java",
                                "return !Pte.isSpecial(pte) && kernel.memMap().testFlag(Pte.pfn(pte), PageFlags.ANON_EXCLUSIVE);",
                                "return false;")),
                race("H20", "GUP-fast does not look at write_protect_seq", "pinned frame", "fork-gup-pin",
                        gup("GupSteps.java", "return (sequence & 1) != 0;", "return false;"),
                        gup("GupSteps.java", "return writeProtectSeq.readRetry(cpu, sequence);", "return false;")),
                program("H21", "fork shares a pinned page instead of copying it", "pin",
                        "P0 mmap A pages=1; P0 write A+0 1; P0 pin A 0 1; P0 fork P1; P0 write A+0 2",
                        core("fork/EntryDup.java",
                                "if (mayHavePins && kernel.rmap().isExclusiveAndMaybePinned(cpu, pfn)) { return false; }",
                                ""),
                        relaxed("RelaxedSteps.java",
                                "return Pte.isSpecial(pte) || !kernel.rmap().isExclusiveAndMaybePinned(cpu, Pte.pfn(pte));",
                                "return true;")),
                new Mutant("H24", "fork leaves a migration entry writable and exclusive",
                        List.of(core("pgtable/SwpEntry.java", SHAREABLE,
                                "return isMigration(entry) ? entry : clearExclusive(entry);")),
                        Way.SCENE, "fork during a migration", "C reads 2"),
                program("H25", "fork leaves a swap entry exclusive", "exclusive", SWAPPED_FORK,
                        core("pgtable/SwpEntry.java", SHAREABLE,
                                "return isMigration(entry) ? readableMigration(entry) : entry;")),
                new Mutant("H28", "a fork that failed half-way is not torn down", List.of(core("fork/DupMmap.java",
                        "kernel.exitMmap(cpu, child); return null;", "return null;")), Way.INJECTION, "program 2",
                        "leaked"),
                race("H40", "mremap drops the page-table locks before it flushes", "P reads 3 where its page was",
                        "mremap-reclaim",
                        core(MOVE_PTES, "FlushDebt debt = new FlushDebt(from.mm()); if (moveEntries(",
                                "if (moveEntries("),
                        core(MOVE_PTES, "debt.owe(oldAddr, oldAddr + extent); kernel.tlbFlush().settle(cpu, debt);",
                                "debt.owe(oldAddr, oldAddr + extent);"),
                        core(MOVE_PTES, "if (needRmapLocks) { RmapLocks.take(cpu, from); }",
                                "FlushDebt debt = new FlushDebt(from.mm()); if (needRmapLocks) { RmapLocks.take(cpu, from); }"),
                        core(MOVE_PTES, "if (needRmapLocks) { RmapLocks.drop(cpu, from); }",
                                "if (needRmapLocks) { RmapLocks.drop(cpu, from); } kernel.tlbFlush().settleIfOwed(cpu, debt);")),
                race("H44", "migration trusts an inaccessible entry whose flush is pending", "P in the end reads 1",
                        "protect-migrate",
                        core(TLB_FLUSH, "return !Pte.isProtnone(pte) || mm.tlbFlushPending() != 0;",
                                "return !Pte.isProtnone(pte);")),
                race("H45", "reclaim flushes after ptl, and munmap does not know", "after munmap() has returned",
                        "pageout-munmap",
                        core("rmap/EntryUsers.java",
                                "return kernel.tlbFlush().ptepClearFlush(cpu, vma.mm(), vaddr, ptePaddr);",
                                "return cpu.memory().exchange(ptePaddr, Pte.NONE);"),
                        core("rmap/TryToUnmap.java",
                                "kernel.rmap().walk(cpu, pfn, (vma, vaddr) -> unmapOne(cpu, pfn, vma, vaddr, flags) && memMap.mapcount(pfn) != 0);",
                                """
                                var late = new java.util.ArrayList<Runnable>();
                                kernel.rmap().walk(cpu, pfn, (vma, vaddr) -> {
                                    late.add(() -> {
                                        var debt = new dev.cowtable.mm.tlb.FlushDebt(vma.mm());
                                        debt.owe(vaddr, vaddr + 4096);
                                        kernel.tlbFlush().settle(cpu, debt);
                                    });
                                    return unmapOne(cpu, pfn, vma, vaddr, flags) && memMap.mapcount(pfn) != 0;
                                });
                                late.forEach(Runnable::run);
                                """),
                        core("tlb/MmuGather.java", NESTED, "return false;")),
                race("H46", "MADV_DONTNEED does not see that another one has not flushed",
                        "P after its MADV_DONTNEED reads 1", "dontneed-twice",
                        core("tlb/MmuGather.java", NESTED, "return false;")),
                race("H48", "a write fault lets the old page go before it flushes", "P's reader reads 3", "two-copies",
                        core(WRITE_FAULT, OLD_ENTRY, "long old = cpu.memory().exchange(ptePaddr, Pte.NONE);"),
                        core(WRITE_FAULT, "if (counted) { releaseOld(cpu, oldPfn, replaced); }",
                                "if (counted) { releaseOld(cpu, oldPfn, replaced); } var late = new dev.cowtable.mm.tlb.FlushDebt(vma.mm()); "
                                        + "late.owe(vaddr, vaddr + 4096); kernel.tlbFlush().settle(cpu, late);")),
                race("H52", "a CPU walks a new address space before flushes can find it", "I6", "switch-unmap",
                        core(TLB_FLUSH, SWITCH,
                                "next.setCpu(cpu.id()); cpu.movToCr3(next.pgdPaddr());" + SPECULATE
                                        + "loadedMm[cpu.id()] = next;")),
                race("H53", "an idle CPU is not told that the tables that it has loaded are freed",
                        "through tables that are gone", "exit-lazy",
                        core("Kernel.java", "tlbFlush.leaveMmEverywhere(cpu, mm);", "")),
                race("H60", "a page found in the swap cache is mapped without another look at its slot",
                        "P in the end reads 1", "swap-slot-reused",
                        core(SWAP_FAULT, "if (!swap.folioMatches(cpu, pfn, fault.entry)) {", "if (pfn < 0) {")),
                race("H61", "a direct swap-in does not hold the slot", "SW", "swap-again-zram",
                        core("swap/SwapIn.java",
                                "if (prepare(cpu, area, slot) != SwapPrepared.TAKEN) { kernel.putPage(cpu, pfn); return BUSY; } "
                                        + "memMap.folioLock(cpu, pfn); memMap.setFlag(cpu, pfn, REFAULTED); kernel.lru().folioAddLru(cpu, pfn);",
                                "memMap.folioLock(cpu, pfn); memMap.setFlag(cpu, pfn, REFAULTED); kernel.lru().folioAddLru(cpu, pfn);")),
                program("H62", "a lazily freed page is dropped whoever has a reference", "holds 0 and not 1",
                        "swap zram; P0 mmap A pages=1; P0 write A+0 1; P0 pin A 0 1; P0 madvise A free; P0 madvise A pageout",
                        core("rmap/TryToUnmap.java", "if (references != 1 + mappings) {", "if (references < 0) {")),
                program("H66", "fork does not count swap entries", "swap", SWAPPED_FORK,
                        core("fork/EntryDup.java", "if (!kernel.swap().swapDuplicate(cpu, entry)) { return false; }",
                                "")),
                program("H80", "an anon_vma that a VMA still uses is given to another", "use one anon_vma",
                        "P0 mmap A pages=1; P0 write A+0 1; P0 fork P1; P1 write A+0 2; P1 fork P2; P2 write A+0 3",
                        core("rmap/AnonVmas.java", "&& anonVma.numActiveVmas == 0", "")),
                race("H97", "a copy at a write fault is not flushed on the process's other CPUs", "I6", "two-copies",
                        core(WRITE_FAULT, OLD_ENTRY,
                                "long old = cpu.memory().exchange(ptePaddr, Pte.NONE); cpu.invlpg(vaddr);")));
    }
}
