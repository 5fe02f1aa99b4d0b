package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.Mutant.core;

import dev.cowtable.suite.history.Mutant.Edit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every place of the kernel that a port of {@code relaxed:pmd=protected} has to teach that a write-protected PMD entry points at a table.
 *
 * <p>All are made forgetful in one laboratory; a number says which of them forgets.
 */
final class BadPmdPlaces {
    private static final String DOOR = "private @Nullable PtDesc lockTable(Cpu cpu, long pmdPaddr, boolean nested) {";

    /** Doors to a table that can forget; x86's pmd_bad() compares all flags but US and A. */
    static final Edit FORGETFUL_DOORS = core("pgtable/PageTables.java", DOOR,
            """
            public static int forgetful;
            public static final int[] ASKED = new int[100];
            public static final int[] ARRIVED = new int[100];

            public boolean forgets(Cpu cpu, long pmdPaddr, int place) {
                long pmd = cpu.memory().read(pmdPaddr);
                boolean bad = isTable(pmd) && (pmd & (Entry.P | Entry.RW | Entry.D)) != (Entry.P | Entry.RW | Entry.D);
                ASKED[place]++;
                ARRIVED[place] += bad ? 1 : 0;
                return bad && place == forgetful;
            }

            public boolean clearsBad(Cpu cpu, long pmdPaddr, int place) {
                boolean forgets = forgets(cpu, pmdPaddr, place);
                if (forgets) {
                    cpu.memory().write(pmdPaddr, 0);
                }
                return forgets;
            }

            public @Nullable PtDesc lockTable(Cpu cpu, long pmdPaddr, int place) {
                return clearsBad(cpu, pmdPaddr, place) ? null : lockTable(cpu, pmdPaddr);
            }

            public @Nullable PtDesc lockTableNested(Cpu cpu, long pmdPaddr, int place) {
                return clearsBad(cpu, pmdPaddr, place) ? null : lockTableNested(cpu, pmdPaddr);
            }

            public @Nullable PtDesc lockPrivate(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr, BreakIntent intent,
                    int place) {
                return clearsBad(cpu, pmdPaddr, place) ? null : lockPrivate(cpu, mm, pmdPaddr, vaddr, intent);
            }

            """ + DOOR);

    /**
     * A call of a door to a table that needs no mutant.
     *
     * @param file as of an {@link Edit}
     * @param call the piece of source that holds it
     */
    record Exempt(String file, String call, String reason) {
    }

    private static final String ALLOC = "pte_alloc() asks pmd_none() only";
    private static final String OWNER = "owner's flavour";
    private static final String CHECKER = "a checker, not the kernel";

    static final List<Exempt> EXEMPT = List.of(
            new Exempt("mm-core/dev/cowtable/mm/fork/CopyPteRange.java", "pteAlloc(cpu, pass.child(), dstPmdPaddr)",
                    ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/fault/MemoryFault.java", "pteAlloc(cpu, vma.mm(), pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/fault/FileFault.java", "pteAlloc(cpu, vma.mm(), pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/fault/FaultAround.java", "pteAlloc(cpu, vma.mm(), pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/vma/GuardRegions.java", "pteAlloc(cpu, mm, pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/vma/MovePageTables.java", "pteAlloc(cpu, mm, newPmd)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/access/RemapPfnRange.java", "pteAlloc(cpu, vma.mm(), pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/access/ApplyToPageRange.java", "pteAlloc(cpu, mm, pmdPaddr)", ALLOC),
            new Exempt("mm-core/dev/cowtable/mm/vma/MovePageTables.java",
                    "PageTables.isTable(cpu.memory().read(oldPaddr))",
                    "move_normal_pmd() asks pmd_present() and pmd_leaf() only"),
            new Exempt("mm-core/dev/cowtable/mm/vma/OpaquePages.java", "tables.pteAlloc(cpu, mm, pmdPaddr)",
                    "rebuilds a recorded process that has not forked"),
            new Exempt("mm-core/dev/cowtable/mm/vma/OpaquePages.java",
                    "tables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.OTHER)",
                    "rebuilds a recorded process that has not forked"),
            new Exempt("mm-core/dev/cowtable/mm/check/TlbCheck.java",
                    "PageTables.isTable(entry) && Entry.paddr(entry) == nextTablePaddr", CHECKER),
            new Exempt("mm-core/dev/cowtable/mm/check/TlbCheck.java", "if (!PageTables.isTable(entry)) {", CHECKER),
            new Exempt("mm-core/dev/cowtable/mm/check/TableScan.java", "kernel.pageTables().desc(pmd)", CHECKER),
            new Exempt("mm-gup/dev/cowtable/gup/linux/GupSteps.java",
                    "lockTable(Kernel kernel, Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr,", "the declaration"),
            new Exempt("mm-gup/dev/cowtable/gup/linux/SlowWalk.java",
                    "steps.lockTable(kernel, cpu, vma.mm(), pmdPaddr, vaddr, follFlags)",
                    "GupSteps.lockTable() is listed"),
            new Exempt("mm-gup/dev/cowtable/gup/owner/OwnerGupSteps.java",
                    "lockTable(Kernel kernel, Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr,", OWNER),
            new Exempt("mm-gup/dev/cowtable/gup/owner/OwnerGupSteps.java",
                    "tables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.FAULT)", OWNER),
            new Exempt("mm-gup/dev/cowtable/gup/owner/OwnerGupSteps.java", "kernel.pageTables().desc(pmd)", OWNER),
            new Exempt("mm-gup/dev/cowtable/gup/owner/PostedGupSteps.java", "kernel.pageTables().desc(pmd)", OWNER),
            new Exempt("mm-gup/dev/cowtable/gup/owner/OwnerGupSteps.java", "tables.lockTable(cpu, pmdPaddr)",
                    OWNER));

    private BadPmdPlaces() {
    }

    /** In the order of their numbers, which begin at 1. */
    static List<BadPmdPlace> all() {
        return Stream.of(BadPmdFaults.all(), BadPmdWalks.all(), BadPmdCalls.unmapping(), BadPmdCalls.changing(),
                BadPmdCalls.access()).flatMap(List::stream).toList();
    }

    /** What makes all places forgetful. */
    static List<Edit> edits() {
        List<Edit> edits = new ArrayList<>(List.of(FORGETFUL_DOORS));
        List<BadPmdPlace> places = all();
        for (int i = 0; i < places.size(); i++) {
            edits.addAll(places.get(i).numbered(i + 1));
        }
        return edits;
    }
}
