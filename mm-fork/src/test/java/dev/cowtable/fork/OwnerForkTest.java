package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.memfail.MemoryFailure;
import dev.cowtable.mm.migrate.Compaction;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The state machine of lazy accounting with an owner, transition by transition. */
final class OwnerForkTest {
    private static final int PAGES = 512;
    private static final long UPPER = 2 * 4096L;
    private static final long WHOLE = 3 * 4096L;

    private final ForkScene scene = new ForkScene(ForkLab.owner());
    private final MmStruct parent = scene.process(PAGES);

    @Test
    void forkLooksAtNoPageAndCountsTheTableInTheOwnerOnly() {
        MmStruct child = scene.fork(parent);
        assertThat(scene.count(Counter.FORK_ENTRY_VISITED)).isZero();
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(child, 0).cowPteOwner()).isSameAs(parent);
        assertThat(scene.mapcount(child, 0)).isEqualTo(1);
        assertThat(scene.isExclusive(child, 0)).isTrue();
        assertCounts(parent, PAGES, WHOLE);
        assertCounts(child, 0, UPPER);
    }

    @Test
    void ownerBreaksAndTheTableHasNone() {
        MmStruct child = scene.fork(parent);
        scene.write(parent, 3, 9);
        assertThat(scene.read(child, 3)).isEqualTo(1);
        assertThat(scene.table(child, 0).cowPteOwner()).isNull();
        assertThat(scene.table(child, 0).shareCount()).isEqualTo(1);
        assertThat(scene.mapcount(child, 0)).isEqualTo(2);
        assertThat(scene.isExclusive(child, 0)).isFalse();
        assertCounts(parent, PAGES, WHOLE);
        assertCounts(child, 0, UPPER);
    }

    @Test
    void anotherBreaksAndTheOwnerStays() {
        MmStruct child = scene.fork(parent);
        scene.write(child, 3, 9);
        assertThat(scene.read(parent, 3)).isEqualTo(1);
        assertThat(scene.table(parent, 0).cowPteOwner()).isSameAs(parent);
        assertCounts(parent, PAGES, WHOLE);
        assertCounts(child, PAGES, WHOLE);
    }

    @Test
    void ownerThatIsLeftAloneReusesItsTableWithoutACopyOfAnyPage() {
        MmStruct child = scene.fork(parent);
        scene.exit(child);
        long copies = scene.count(Counter.PAGE_COPY);
        scene.writeAll(parent, 0, PAGES, 2);
        assertThat(scene.count(Counter.PAGE_COPY)).isEqualTo(copies);
        assertThat(scene.count(Counter.TABLE_REOWNED)).isEqualTo(1);
        assertCounts(parent, PAGES, WHOLE);
    }

    @Test
    void anotherReusesTheTableAndCountsItFromThenOn() {
        MmStruct child = scene.fork(parent);
        scene.exit(parent);
        assertCounts(child, 0, UPPER);
        scene.write(child, 0, 2);
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        assertCounts(child, PAGES, WHOLE);
    }

    @Test
    void tableOfNoOwnerIsTakenByWhoForksItNext() {
        MmStruct child = scene.fork(parent);
        scene.write(parent, 0, 2);
        MmStruct grandchild = scene.fork(child);
        assertThat(scene.table(grandchild, 0).cowPteOwner()).isSameAs(child);
        assertCounts(child, PAGES, WHOLE);
        assertCounts(grandchild, 0, UPPER);
    }

    @Test
    void exitInAnyOrderFreesEverything() {
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        scene.exit(parent);
        for (int[] order : orders) {
            long free = scene.freePages();
            MmStruct first = scene.process(PAGES);
            MmStruct second = scene.fork(first);
            MmStruct third = scene.fork(second);
            scene.write(second, 7, 2);
            MmStruct[] all = {first, second, third};
            for (int who : order) {
                scene.exit(all[who]);
                scene.assertKernelIsConsistent();
            }
            assertThat(scene.freePages()).isEqualTo(free);
        }
    }

    @Test
    void tableThatGaveAPageAwayIsNeverShared() {
        scene.table(parent, 0).setOwnExclusive();
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertCounts(child, PAGES, WHOLE);
    }

    @Test
    void pinnedPageIsFoundThoughItsTableIsNotMarked() {
        scene.pin(parent, 5);
        MmStruct child = scene.fork(parent);
        assertThat(scene.pfn(child, 5)).isNotEqualTo(scene.pfn(parent, 5));
        scene.assertKernelIsConsistent();
        scene.unpin();
    }

    @Test
    void tableWithMemoryThatTheChildDoesNotGetIsCopied() {
        scene.munmap(parent, 8, 1);
        scene.kernel.memoryMap().madvise(scene.cpu, parent, ForkScene.vaddr(9), 4096, Advice.DONTFORK);
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertCounts(child, PAGES - 2, WHOLE);
    }

    @Test
    void changesThatTheSeriesDidNotThinkOfAreRefusedAndChangeNothing() {
        scene.fork(parent);
        assertThatThrownBy(() -> scene.kernel.memoryMap().mprotect(scene.cpu, parent, ForkScene.vaddr(0), 4096,
                VmFlags.READ)).isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("owner");
        assertThatThrownBy(() -> scene.kernel.memoryMap().madvise(scene.cpu, parent, ForkScene.vaddr(0), 4096,
                Advice.FREE)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> scene.kernel.reclaim().shrinkNode(scene.cpu, 1))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(scene.table(parent, 0).isShared()).isTrue();
        assertCounts(parent, PAGES, WHOLE);
    }

    @Test
    void pagesAreNotTakenOutOfSharedTables() {
        scene.fork(parent);
        long pfn = scene.pfn(parent, 0);
        assertRefused(() -> new Compaction(scene.kernel).compactZone(scene.cpu));
        assertRefused(() -> new MigratePages(scene.kernel).migrate(scene.cpu, pfn));
        assertRefused(() -> new MigratePages(scene.kernel).begin(scene.cpu, pfn));
        assertRefused(() -> new MemoryFailure(scene.kernel).memoryFailure(scene.cpu, pfn));
        assertThat(scene.pfn(parent, 0)).isEqualTo(pfn);
        assertCounts(parent, PAGES, WHOLE);
    }

    private static void assertRefused(ThrowingCallable operation) {
        assertThatThrownBy(operation).isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("owner does not take pages out of shared tables");
    }

    /** What the design claims is allowed, and no more. */
    @Test
    void checksStillFindWhatIsWrong() {
        MmStruct child = scene.fork(parent);
        child.addRss(Rss.ANONPAGES, PAGES);
        assertThat(violations()).anyMatch(s -> s.startsWith("I1 " + child + " counts 512 ANONPAGES and maps 0"));
        child.addRss(Rss.ANONPAGES, -PAGES);
        scene.kernel.memMap().dupMapping(scene.cpu, scene.pfn(child, 0));
        assertThat(violations()).anyMatch(s -> s.contains("has mapcount 2 and is mapped 1 times"));
        long pmdPaddr = scene.kernel.pageTables().pmdOffset(scene.cpu, child, ForkScene.vaddr(0));
        scene.cpu.memory().fetchAndOr(pmdPaddr, Entry.RW);
        assertThat(violations()).anyMatch(s -> s.startsWith("I4 the PMD entry of " + child));
    }

    private List<String> violations() {
        return new InvariantChecker(scene.kernel).check();
    }

    @Test
    void changesOfAPrivateTableAreNotRefused() {
        MmStruct child = scene.fork(parent);
        scene.write(parent, 0, 2);
        long vaddr = ForkScene.vaddr(0);
        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, parent, vaddr, 4096, VmFlags.READ)).isZero();
        scene.exit(child);
        scene.assertKernelIsConsistent();
    }

    @Test
    void breakWithoutMemoryChangesNothing() {
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);
        assertThat(scene.tryWrite(parent, 0, 2)).isNegative();
        scene.kernel.failures().off();
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        scene.write(parent, 0, 2);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    private void assertCounts(MmStruct mm, long anon, long tableBytes) {
        assertThat(mm.rss(Rss.ANONPAGES)).isEqualTo(anon);
        assertThat(mm.pgtablesBytes()).isEqualTo(tableBytes);
        scene.assertKernelIsConsistent();
    }
}
