package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.BadPmdPlace.LOST;
import static dev.cowtable.suite.history.BadPmdPlace.LOST_IN_PARENT;
import static dev.cowtable.suite.history.BadPmdPlace.door;
import static dev.cowtable.suite.history.BadPmdPlace.forgetting;
import static dev.cowtable.suite.history.BadPmdPlace.never;
import static dev.cowtable.suite.history.BadPmdPlace.place;
import static dev.cowtable.suite.history.Mutant.core;

import dev.cowtable.suite.history.Mutant.Edit;
import java.util.List;

/** The places of fork, of the end of tables, and of the kernel's own work on pages: the reverse map, swapoff, NUMA, soft-dirty bits. */
final class BadPmdWalks {
    private static final String MEMORY_C = "mm/memory.c";
    private static final String WRITTEN = "P0 mmap A pages=1; P0 write A+0 1; P0 fork P1; ";
    private static final String WALK = "rmap/PageVmaWalk.java";
    private static final String LOCK = "lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.";
    private static final String SIGNATURE =
            "public @Nullable PtDesc lock(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, Mode mode) {";
    private static final String MIGRATING =
            "P0 mmap A pages=1; P0 write A+0 1; kernel takeaway P0 A+0; P0 fork P1; kernel putback";
    private static final String RECLAIMED = "swap zram; " + WRITTEN + "kernel reclaim";
    private static final String SWAPOFF =
            "swap zram; P0 mmap A pages=1; P0 write A+0 1; P0 madvise A pageout; P0 fork P1; kernel swapoff";
    private static final String PRIVATE = "the table was broken, or detached, when its entries went";

    private BadPmdWalks() {
    }

    private static Edit walk(String file, String mode) {
        return door(file, LOCK + mode + ")");
    }

    static List<BadPmdPlace> all() {
        return List.of(
                forgetting("copy_pmd_range", MEMORY_C, "entry cleared, skipped", WRITTEN + "P0 fork P2", LOST_IN_PARENT,
                        core("fork/CopyPageRange.java", "error = copier.copyPmd(dstPaddr, srcPaddr, at, next);",
                                "error = kernel.pageTables().clearsBad(cpu, srcPaddr, #) ? 0 "
                                        + ": copier.copyPmd(dstPaddr, srcPaddr, at, next);")),
                place("copy_pte_range, parent's table", MEMORY_C,
                        "P0 mmap A pages=2; P0 write A+1 1; P0 fork P1; P0 madvise A 1 2 dontfork; P0 fork P2",
                        "P0 A+1 gives 0, not 1",
                        door("fork/CopyPteRange.java", "pageTables.lockTableNested(cpu, srcPmdPaddr);")),
                never("copy_pte_range, child's table", MEMORY_C, "a 2 MiB range is shared or copied as a whole",
                        "P0 mmap A pages=1; P0 write A+0 1; P0 pin A 0 1; P0 fork P1",
                        door("fork/CopyPteRange.java", "pageTables.lockTable(cpu, dstPmdPaddr);")),
                never("free_pmd_range", MEMORY_C, PRIVATE, WRITTEN + "P1 munmap A",
                        core("pgtable/FreePgtables.java", "if (!PageTables.isTable(entry)) {",
                                "if (!PageTables.isTable(entry) "
                                        + "|| level == PMD_LEVEL && pageTables.clearsBad(cpu, entryPaddr, #)) {")),
                never("try_to_free_pte", "mm/pt_reclaim.c, 6.14", PRIVATE,
                        "P0 mmap A pages=512; P0 write A+0 1; P0 fork P1; P1 madvise A dontneed",
                        door("pgtable/FreePgtables.java", "PtDesc table = pageTables.lockTable(cpu, pmdPaddr);")),
                place("map_pte for folio_referenced_one", "mm/page_vma_mapped.c", RECLAIMED, LOST_IN_PARENT,
                        walk("rmap/FolioReferenced.java", "LOOK"), core(WALK, SIGNATURE,
                                SIGNATURE.replace("Mode mode)", "Mode mode, int place)")),
                        core(WALK, "PtDesc table = pageTables.lockTable(cpu, pmdPaddr);",
                                "PtDesc table = pageTables.lockTable(cpu, pmdPaddr, place);")),
                place("map_pte for try_to_unmap_one", "mm/page_vma_mapped.c", RECLAIMED, LOST_IN_PARENT,
                        walk("rmap/TryToUnmap.java", "REPLACE"), walk("rmap/TryToUnmap.java", "LOOK")),
                place("map_pte for try_to_unmap_one, hwpoison", "mm/page_vma_mapped.c",
                        WRITTEN + "kernel poison P0 A+0", "`kernel poison P0 A+0` gives -EBUSY, not 0",
                        walk("memfail/PoisonEntries.java", "LOOK")),
                place("map_pte for try_to_migrate_one", "mm/page_vma_mapped.c", WRITTEN + "kernel migrate P0 A+0",
                        "`kernel migrate P0 A+0` gives 1, not 0", walk("migrate/TryToMigrate.java", "REPLACE")),
                place("map_pte for remove_migration_pte", "mm/page_vma_mapped.c", MIGRATING, LOST_IN_PARENT,
                        door("migrate/RemoveMigrationPtes.java",
                                "lock(cpu, oldPfn, vma, vaddr, PageVmaWalk.Mode.MIGRATION)")),
                place("unuse_pte_range", "mm/swapfile.c",
                        SWAPOFF,
                        LOST_IN_PARENT,
                        core("swap/TryToUnuse.java",
                                "long pmd = cpu.memory().read(pmdPaddr); PtDesc table = "
                                        + "PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd)",
                                "long pmd = kernel.pageTables().clearsBad(cpu, pmdPaddr, #) ? 0 "
                                        + ": cpu.memory().read(pmdPaddr); "
                                        + "PtDesc table = PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd)")),
                place("unuse_pte", "mm/swapfile.c",
                        SWAPOFF,
                        LOST_IN_PARENT,
                        door("swap/TryToUnuse.java",
                                "lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.OTHER);")),
                place("change_pte_range for change_prot_numa", "mm/mprotect.c", WRITTEN + "kernel numa P1 A+0", LOST,
                        door("numa/NumaHints.java", "tables.lockTable(cpu, tables.pmdOffset(cpu, vma.mm(), at));")),
                place("pagemap_pmd_range", "fs/proc/task_mmu.c", "kernel track; " + WRITTEN + "kernel isdirty P1 A+0",
                        LOST,
                        door("softdirty/SoftDirty.java", "kernel.pageTables().lockTable(cpu, pmdPaddr);")),
                never("clear_refs_pte_range", "fs/proc/task_mmu.c",
                        "all tables are broken first, as this must fail before it changes anything",
                        "kernel track; " + WRITTEN + "kernel clear P1 A+0",
                        door("softdirty/SoftDirty.java",
                                "lockPrivate(cpu, vma.mm(), "
                                        + "tables.pmdOffset(cpu, vma.mm(), at), at, BreakIntent.OTHER);")));
    }
}
