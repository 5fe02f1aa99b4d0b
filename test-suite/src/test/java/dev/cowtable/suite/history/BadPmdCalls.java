package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.BadPmdPlace.LOST;
import static dev.cowtable.suite.history.BadPmdPlace.door;
import static dev.cowtable.suite.history.BadPmdPlace.forgetting;
import static dev.cowtable.suite.history.BadPmdPlace.never;
import static dev.cowtable.suite.history.BadPmdPlace.place;
import static dev.cowtable.suite.history.Mutant.core;
import static dev.cowtable.suite.history.Mutant.gup;

import java.util.List;

/** The places of system calls, of drivers and of get_user_pages(). */
final class BadPmdCalls {
    private static final String WRITTEN = "P0 mmap A pages=1; P0 write A+0 1; P0 fork P1; ";
    private static final String WHOLE = "P0 mmap A pages=512; P0 write A+0 1; P0 fork P1; ";
    private static final String TABLE = "PtDesc table = pageTables.lockTable(cpu, pmdPaddr);";
    private static final String TABLE_HERE = "PtDesc table = pageTables.lockTable(cpu, pmdPaddr, #);";
    private static final String AT = "lockTable(cpu, pageTables.pmdOffset(cpu, mm, at));";
    private static final String GUARDS = "vma/GuardRegions.java";
    private static final String MREMAP =
            "P0 mmap A pages=1; P0 write A+0 1; P0 mmap B pages=2; P0 write B+0 2; P0 fork P1; P1 mremap A -> B+1";
    private static final String BROKEN = "the range is broken first, as the call must fail before it changes anything";

    private BadPmdCalls() {
    }

    static List<BadPmdPlace> unmapping() {
        return List.of(
                place("zap_pte_range", "mm/memory.c", "P0 fork P1; P1 exit", "in the end 4 frames have leaked",
                        door("vma/Zap.java", TABLE)),
                place("zap_pte_range, the port's look for guards", "mm/memory.c", WHOLE + "P1 madvise A dontneed",
                        "in the end 2 frames have leaked", door("vma/Zap.java", AT)),
                place("madvise_cold_or_pageout_pte_range", "mm/madvise.c", WRITTEN + "P1 madvise A cold", LOST,
                        door("reclaim/MadvisePages.java", AT)),
                never("madvise_free_pte_range", "mm/madvise.c", BROKEN, WRITTEN + "P1 madvise A free",
                        door("reclaim/MadviseFree.java",
                                "lockPrivate(cpu, mm, pmdPaddr, start, BreakIntent.MADVISE);")),
                place("swapin_walk_pmd_entry", "mm/madvise.c", WRITTEN + "P1 madvise A willneed", LOST,
                        door("vma/WillNeed.java", "tables.lockTable(cpu, pmdPaddr);")),
                never("walk_pte_range for MADV_GUARD_INSTALL", "mm/pagewalk.c, 6.13", BROKEN,
                        WRITTEN + "P1 madvise A guard_install",
                        door(GUARDS, "lockPrivate(cpu, mm, pmdPaddr, start, BreakIntent.MADVISE);")),
                place("walk_pte_range for MADV_GUARD_REMOVE", "mm/pagewalk.c, 6.13",
                        WRITTEN + "P1 madvise A guard_remove", LOST,
                        core(GUARDS, TABLE + " if (table == null) { return; }",
                                TABLE_HERE + " if (table == null) { return; }")),
                place("walk_pte_range, the port's look for guards", "mm/pagewalk.c, 6.13",
                        WRITTEN + "P1 madvise A guard_remove", LOST,
                        core(GUARDS, TABLE + " if (table == null) { return BreakResult.OK; }",
                                TABLE_HERE + " if (table == null) { return BreakResult.OK; }")));
    }

    static List<BadPmdPlace> changing() {
        return List.of(
                place("change_pte_range", "mm/mprotect.c", WRITTEN + "P1 mprotect A r", LOST,
                        door("vma/Mprotect.java", TABLE)),
                never("change_pte_range, entries that change", "mm/mprotect.c",
                        BadPmdPlace.NOT_REACHED + "the range is broken first, and mmap_lock held since",
                        WRITTEN + "P1 mprotect A none",
                        door("vma/Mprotect.java",
                                "table = pageTables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.MPROTECT);")),
                never("move_ptes, old place", "mm/mremap.c", BROKEN, MREMAP,
                        door("vma/MovePtes.java", "pageTables.lockTable(cpu, oldPmd);")),
                never("move_ptes, new place", "mm/mremap.c",
                        "what the target shares with its neighbours is broken first",
                        MREMAP,
                        door("vma/MovePtes.java", "pageTables.lockTableNested(cpu, newPmd);")),
                place("mlock_pte_range", "mm/mlock.c", WRITTEN + "P1 mlock A onfault", LOST,
                        door("vma/Mlock.java", "tables.lockTable(cpu, tables.pmdOffset(cpu, mm, at));")),
                place("mincore_pte_range", "mm/mincore.c", WRITTEN + "P1 mincore A",
                        "`P1 mincore A` gives ok 0, not ok 1",
                        door("vma/Mincore.java", "tables.lockTable(cpu, pmdPaddr);")));
    }

    static List<BadPmdPlace> access() {
        return List.of(
                place("follow_page_pte", "mm/gup.c", WRITTEN + "P0 memread P1 A+0",
                        "`P0 memread P1 A+0` gives ok v=0, not ok v=1",
                        gup("GupSteps.java", "return kernel.pageTables().lockTable(cpu, pmdPaddr);",
                                "return kernel.pageTables().lockTable(cpu, pmdPaddr, #);")),
                place("follow_page_pte for MADV_POPULATE", "mm/gup.c", WRITTEN + "P1 madvise A populate_read", LOST,
                        door("vma/Populate.java", "tables.lockTable(cpu, pmdPaddr);")),
                forgetting("gup_fast_pte_range", "mm/gup.c", "clears its copy of the entry, takes no page",
                        WRITTEN + "kernel fast P1 A+0", "`kernel fast P1 A+0` gives 0, not 1",
                        gup("FastWalk.java", "if (!PageTables.isTable(pmd)) {",
                                "if (!PageTables.isTable(pmd) || pageTables.forgets(cpu, pmdPaddr, #)) {")),
                place("follow_pfnmap_start", "mm/memory.c",
                        "P0 mmap A pages=1; P0 write A+0 1; kernel device P0 A+8; P0 fork P1; kernel follow P1 A+8",
                        LOST,
                        door("access/FollowPfnmap.java", "kernel.pageTables().lockTable(cpu, pmdPaddr);")),
                never("remap_pte_range", "mm/memory.c", BROKEN,
                        "P0 mmap A pages=1; P0 write A+0 1; kernel device P0 A+8; P0 fork P1; kernel remap P1 A+8",
                        door("access/RemapPfnRange.java",
                                "tables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.OTHER)")),
                forgetting("apply_to_pmd_range, creating", "mm/memory.c", "warned; entry cleared, a new table made",
                        WRITTEN + "kernel apply P1 A+0", LOST,
                        core("access/ApplyToPageRange.java",
                                "PtDesc table = lock(cpu, mm, pmdPaddr, start, create);",
                                "if (create) { pageTables.clearsBad(cpu, pmdPaddr, #); } "
                                        + "PtDesc table = lock(cpu, mm, pmdPaddr, start, create);")),
                forgetting("apply_to_pmd_range, existing", "mm/memory.c", "warned; skipped",
                        WRITTEN + "kernel existing P1 A+0", "`kernel existing P1 A+0` gives 0, not 1",
                        core("access/ApplyToPageRange.java",
                                "if (PageTables.isLeaf(cpu.memory().read(pmdPaddr))) {",
                                "if (!create && pageTables.forgets(cpu, pmdPaddr, #)) { return 0; } "
                                        + "if (PageTables.isLeaf(cpu.memory().read(pmdPaddr))) {")),
                place("apply_to_pte_range", "mm/memory.c", WRITTEN + "kernel apply P1 A+0",
                        "`kernel apply P1 A+0` gives -ENOMEM, not 1",
                        door("access/ApplyToPageRange.java",
                                "return pageTables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.OTHER);")),
                forgetting("hmm_vma_walk_pmd", "mm/hmm.c", "-EFAULT if asked for, else HMM_PFN_ERROR",
                        WRITTEN + "kernel hmmfault P1 A+0", "`kernel hmmfault P1 A+0` gives -EFAULT, not 4",
                        core("access/HmmRangeFault.java", "long told = tellRange(cpu, range, at, next);",
                                """
                                long entry = kernel.pageTables().pmdOffset(cpu, range.mm(), at);
                                if (entry != PageTables.NO_ENTRY && kernel.pageTables().forgets(cpu, entry, #)) {
                                    error = range.asksFor(at, next) ? Errno.EFAULT.code() : 0;
                                    range.fill(at, next, HmmRange.ERROR);
                                    continue;
                                }
                                long told = tellRange(cpu, range, at, next);
                                """)),
                place("hmm_vma_walk_pmd, pte_offset_map", "mm/hmm.c", WRITTEN + "kernel hmm P1 A+0",
                        "`kernel hmm P1 A+0` gives 0, not 4",
                        core("access/HmmRangeFault.java",
                                ": cpu.memory().read(pmdPaddr); PtDesc table = "
                                        + "PageTables.isTable(pmd) ? tables.desc(pmd)",
                                ": tables.clearsBad(cpu, pmdPaddr, #) ? Pte.NONE : cpu.memory().read(pmdPaddr); "
                                        + "PtDesc table = PageTables.isTable(pmd) ? tables.desc(pmd)")));
    }
}
