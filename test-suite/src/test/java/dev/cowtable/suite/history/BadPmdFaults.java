package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.BadPmdPlace.LOST;
import static dev.cowtable.suite.history.BadPmdPlace.door;
import static dev.cowtable.suite.history.BadPmdPlace.never;
import static dev.cowtable.suite.history.BadPmdPlace.place;
import static dev.cowtable.suite.history.Mutant.core;

import dev.cowtable.suite.history.Mutant.Edit;
import java.util.List;

/** The places of faults. */
final class BadPmdFaults {
    private static final String FAULT = "fault/MemoryFault.java";
    private static final String SWAP = "fault/SwapFault.java";
    private static final String WRITE = "fault/WriteProtectFault.java";
    private static final String MEMORY_C = "mm/memory.c";
    private static final String LOCK =
            "PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);";
    private static final String FORGETFUL =
            "PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT, #);";
    private static final String WRITTEN = "P0 mmap A pages=2; P0 write A+0 1; P0 fork P1; ";
    private static final String SWAPPED =
            "swap zram; P0 mmap A pages=1; P0 write A+0 1; P0 madvise A pageout; P0 fork P1; ";
    private static final String BESIDE =
            "P0 mmap A pages=1; P0 write A+0 1; P0 mmap B pages=1 flags=shared at=200001000; ";
    private static final String HELD = "who breaks the table holds the VMA's lock until here";

    private BadPmdFaults() {
    }

    /** One of several like looks, told apart by what stands before or after it. */
    private static Edit lock(String file, String before, String after) {
        return core(file, before + LOCK + after, before + FORGETFUL + after);
    }

    /** A second look at what was read already. */
    private static Edit same(String file, String call) {
        return core(file, call, call);
    }

    static List<BadPmdPlace> all() {
        return List.of(
                place("handle_pte_fault", MEMORY_C, WRITTEN + "P1 write A+1 2", LOST,
                        core(FAULT, "long pmd = cpu.memory().read(pmdPaddr); if (PageTables.isLeaf(pmd)) {",
                                "if (pageTables.clearsBad(cpu, pmdPaddr, #)) { return 0; } "
                                        + "long pmd = cpu.memory().read(pmdPaddr); if (PageTables.isLeaf(pmd)) {"),
                        same(FAULT, "PtDesc table = pageTables.desc(pmd);"),
                        same(FAULT, "!PageTables.isTable(pmd) || table == null")),
                never("handle_pte_fault, entry that permits the write", MEMORY_C,
                        "no entry of a shared table is writable",
                        WRITTEN + "P1 write A+0 2; kernel fault P1 A+0",
                        lock(FAULT, "",
                                " if (table == PtDesc.NO_MEMORY) { return VmFault.OOM; } if (table != null) {")),
                place("do_anonymous_page, zero page", MEMORY_C, WRITTEN + "P1 read A+1", LOST,
                        lock(FAULT, "mapZeroPage(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr) { ",
                                "")),
                place("do_anonymous_page, new page", MEMORY_C, WRITTEN + "P1 write A+1 2", LOST,
                        lock(FAULT,
                                "mapNewPage(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr, long pfn) { ",
                                "")),
                place("alloc_anon_folio", MEMORY_C,
                        "kernel folios; P0 mmap A pages=8; P0 write A+0 1; P0 fork P1; P1 write A+4 2", LOST,
                        core("fault/AnonFolio.java", "pageTables.desc(cpu.memory().read(pmdPaddr));",
                                "pageTables.clearsBad(cpu, pmdPaddr, #) ? null "
                                        + ": pageTables.desc(cpu.memory().read(pmdPaddr));")),
                place("do_wp_page", MEMORY_C,
                        "P0 mmap A pages=2; P0 write A+0 1; P0 write A+1 2; P0 fork P1; P1 write A+1 3", LOST,
                        lock(WRITE, "", " if (table == null) { return 0; }")),
                never("wp_page_copy", MEMORY_C, HELD, WRITTEN + "P1 write A+0 2",
                        door(WRITE, ": pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);")),
                place("finish_fault", MEMORY_C,
                        BESIDE + "P0 fork P1; P1 read B+0", LOST,
                        lock("fault/FileFault.java", "", "")),
                place("filemap_map_pages", "mm/filemap.c",
                        BESIDE + "P0 write B+0 2; P0 madvise B dontneed; P0 fork P1; P1 read B+0", LOST,
                        door("fault/FaultAround.java",
                                "? pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT)")),
                place("do_swap_page, page in hand", MEMORY_C, SWAPPED + "P1 read A+0",
                        "`P1 read A+0` gives ok v=0, not ok v=1",
                        door(SWAP,
                                "lockPrivate(cpu, vma.mm(), fault.pmdPaddr, fault.vaddr, BreakIntent.FAULT);")),
                place("do_swap_page, no page had", MEMORY_C, SWAPPED + "kernel nomem; P1 read A+0",
                        "`P1 read A+0` gives ok v=0, not ENOMEM",
                        door(SWAP, "boolean unchanged = isUnchanged(cpu, pmdPaddr, vaddr, entry);"),
                        core(SWAP, "boolean isUnchanged(Cpu cpu, long pmdPaddr, long vaddr, long entry) {",
                                "boolean isUnchanged(Cpu cpu, long pmdPaddr, long vaddr, long entry, int place) {"),
                        core(SWAP, "PtDesc table = pageTables.lockTable(cpu, pmdPaddr);",
                                "PtDesc table = pageTables.lockTable(cpu, pmdPaddr, place);")),
                place("migration_entry_wait", "mm/migrate.c", MigrationWait.SEQUENCE,
                        "P1's read gives 0, not 1",
                        core(SWAP, "&& isUnchanged(cpu, pmdPaddr, vaddr, entry)) {",
                                "&& isUnchanged(cpu, pmdPaddr, vaddr, entry, #)) {")),
                place("do_numa_page", MEMORY_C,
                        "P0 mmap A pages=1; P0 write A+0 1; kernel numa P0 A+0; P0 fork P1; P1 read A+0",
                        "`P1 read A+0` gives ok v=0, not ok v=1",
                        door("fault/NumaFault.java",
                                "lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);")));
    }
}
