package dev.cowtable.mm.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The allocator over 8 blocks of 1024 frames, the first of which is not its own. */
class PageAllocatorTest {
    private static final long FIRST = 1024;
    private static final long FREE = 7 * 1024;

    private final Machine machine = Machine.builder().memoryBytes(8L << 22).build();
    private final Cpu cpu = machine.cpu(0);
    private final MemMap memMap = new MemMap(machine.memory().frames());
    private final Lockdep lockdep = new Lockdep(1);
    private final Counters counters = new Counters(1);
    private final FailureInjection failures = new FailureInjection();
    private final PageAllocator allocator =
            new PageAllocator(memMap, machine.memory(), lockdep, counters, failures, FIRST - 5);

    private void free(long pfn, int order) {
        assertThat(memMap.pageRefSubAndTest(cpu, pfn, 1)).isTrue();
        allocator.freePages(cpu, pfn, order);
    }

    @Test
    void freshMemoryIsHandedOutInAscendingFramesFromTheFirstWholeBlock() {
        for (long expected = FIRST; expected < FIRST + 2000; expected++) {
            assertThat(allocator.allocPage(cpu)).isEqualTo(expected);
        }
        assertThat(allocator.freePageCount()).isEqualTo(FREE - 2000);
        assertThat(allocator.freshPfn()).isEqualTo(FIRST + 2048);
        assertThat(counters.sum(Counter.PAGE_ALLOC)).isEqualTo(2000);
        lockdep.assertNoneHeld(cpu);
    }

    @Test
    void blockOfEachOrderIsAlignedToItsSizeAndReferencedAtItsHeadAlone() {
        for (int order = 0; order <= PageAllocator.MAX_ORDER; order++) {
            long before = allocator.freePageCount();
            long pfn = allocator.allocPages(cpu, order);
            assertThat(pfn & ((1L << order) - 1)).isZero();
            assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
            if (order > 0) {
                assertThat(memMap.pageRefCount(pfn + (1L << order) - 1)).isZero();
            }
            assertThat(allocator.freePageCount()).isEqualTo(before - (1L << order));
        }
    }

    @Test
    void splitBlockLeavesOneFreeBuddyOfEachLowerOrder() {
        assertThat(allocator.allocPage(cpu)).isEqualTo(FIRST);
        for (int order = 9; order >= 0; order--) {
            assertThat(allocator.allocPages(cpu, order)).as("order %s", order).isEqualTo(FIRST + (1L << order));
        }
        assertThat(allocator.freshPfn()).isEqualTo(FIRST + 1024);
        assertThat(allocator.allocPage(cpu)).isEqualTo(FIRST + 1024);
    }

    @Test
    void freedBuddiesMergeBackToTheWholeBlock() {
        for (long i = 0; i < 1024; i++) {
            allocator.allocPage(cpu);
        }
        for (long i = 0; i < 1024; i++) {
            free(FIRST + (i * 389 & 1023), 0);
        }
        assertThat(allocator.freePageCount()).isEqualTo(FREE);
        assertThat(allocator.allocPages(cpu, 10)).isEqualTo(FIRST);
        assertThat(allocator.freshPfn()).isEqualTo(FIRST + 1024);
    }

    @Test
    void pageInUseKeepsItsBuddiesFromMerging() {
        long kept = allocator.allocPage(cpu);
        long freed = allocator.allocPage(cpu);
        free(freed, 0);
        assertThat(allocator.allocPages(cpu, 10)).isEqualTo(FIRST + 1024);
        free(kept, 0);
        assertThat(allocator.allocPages(cpu, 10)).isEqualTo(FIRST);
    }

    @Test
    void exhaustedMemoryGivesNoPageAndGivesOneAgainAfterAFree() {
        for (int i = 0; i < 7; i++) {
            assertThat(allocator.allocPages(cpu, 10)).isNotEqualTo(PageAllocator.NO_PAGE);
        }
        assertThat(allocator.freePageCount()).isZero();
        assertThat(allocator.allocPage(cpu)).isEqualTo(PageAllocator.NO_PAGE);
        lockdep.assertNoneHeld(cpu);
        free(FIRST + 2048, 10);
        assertThat(allocator.allocPage(cpu)).isEqualTo(FIRST + 2048);
    }

    @Test
    void pageThatIsStillReferencedOrMappedIsNotFreed() {
        long pfn = allocator.allocPage(cpu);
        assertThatThrownBy(() -> allocator.freePage(cpu, pfn)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freed with refcount 1 and mapcount 0");
        memMap.mapcountAdd(cpu, pfn, 1);
        assertThat(memMap.pageRefSubAndTest(cpu, pfn, 1)).isTrue();
        assertThatThrownBy(() -> allocator.freePage(cpu, pfn)).hasMessageContaining("refcount 0 and mapcount 1");
    }

    @Test
    void frameInsideAMergedFreeBlockIsNotFreedAgain() {
        long first = allocator.allocPages(cpu, 1);
        allocator.freePages(cpu, putLast(first), 1);
        assertThatThrownBy(() -> allocator.freePage(cpu, first + 1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("lies in a free block");
    }

    private long putLast(long pfn) {
        assertThat(memMap.pageRefSubAndTest(cpu, pfn, 1)).isTrue();
        return pfn;
    }

    @Test
    void freeBlockIsNotFreedAgain() {
        long kept = allocator.allocPage(cpu);
        long pfn = allocator.allocPage(cpu);
        free(pfn, 0);
        assertThatThrownBy(() -> allocator.freePage(cpu, pfn)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freed twice");
        assertThatThrownBy(() -> memMap.pageRefSubAndTest(cpu, pfn, 1)).hasMessageContaining("fell to -1");
        assertThat(memMap.pageRefCount(kept)).isEqualTo(1);
    }

    @Test
    void reservedPageIsNeverFreed() {
        long pfn = allocator.allocPage(cpu);
        memMap.initFlags(pfn, PageFlags.RESERVED);
        memMap.pageRefSubAndTest(cpu, pfn, 1);
        assertThatThrownBy(() -> allocator.freePage(cpu, pfn)).hasMessageContaining("reserved");
    }

    @Test
    void zeroedPageIsZeroWhateverItsFrameHeld() {
        long pfn = allocator.allocPage(cpu);
        machine.memory().write((pfn << 12) + 4088, 77);
        free(pfn, 0);
        assertThat(allocator.allocZeroedPage(cpu)).isEqualTo(pfn);
        assertThat(machine.memory().read((pfn << 12) + 4088)).isZero();
    }

    @Test
    void reusedFrameIsANewPageWithoutFlagsOrMapping() {
        long pfn = allocator.allocPage(cpu);
        int generation = memMap.generation(pfn);
        memMap.initFlags(pfn, PageFlags.ANON | PageFlags.DIRTY);
        memMap.setMapping(pfn, "an owner");
        free(pfn, 0);
        assertThat(allocator.allocPage(cpu)).isEqualTo(pfn);
        assertThat(memMap.generation(pfn)).isEqualTo(generation + 1);
        assertThat(memMap.flags(pfn)).isZero();
        assertThat(memMap.mapping(pfn)).isNull();
    }

    @Test
    void injectedFailureTakesNoPageAndDoesNotCountAsAllocation() {
        failures.failOnceAfter(1);
        assertThat(allocator.allocPage(cpu)).isEqualTo(FIRST);
        assertThat(allocator.allocZeroedPage(cpu)).isEqualTo(PageAllocator.NO_PAGE);
        assertThat(allocator.allocPage(cpu)).isEqualTo(FIRST + 1);
        assertThat(counters.sum(Counter.PAGE_ALLOC)).isEqualTo(2);
        assertThat(failures.attempts()).isEqualTo(3);
    }

    /** Each number allocates a block of that order, or frees the oldest block if it is 11. */
    @Property(tries = 300)
    void blocksInUseNeverOverlapAndAllMergeAtTheEnd(@ForAll @Size(max = 80) List<@IntRange(max = 11) Integer> program) {
        new PageAllocatorTest().allocateAndFree(program);
    }

    private void allocateAndFree(List<Integer> program) {
        List<long[]> used = new ArrayList<>();
        boolean[] taken = new boolean[8 * 1024];
        long free = FREE;
        for (int order : program) {
            if (order == 11) {
                free += used.isEmpty() ? 0 : giveBack(used.removeFirst(), taken);
                continue;
            }
            long pfn = allocator.allocPages(cpu, order);
            if (pfn != PageAllocator.NO_PAGE) {
                take(pfn, order, taken);
                used.add(new long[] {pfn, order});
                free -= 1L << order;
            }
            assertThat(allocator.freePageCount()).isEqualTo(free);
        }
        used.forEach(block -> giveBack(block, taken));
        for (int i = 0; i < 7; i++) {
            assertThat(allocator.allocPages(cpu, 10)).isNotEqualTo(PageAllocator.NO_PAGE);
        }
    }

    private static void take(long pfn, int order, boolean[] taken) {
        assertThat(pfn).isGreaterThanOrEqualTo(FIRST);
        for (long p = pfn; p < pfn + (1L << order); p++) {
            assertThat(taken[(int) p]).isFalse();
            taken[(int) p] = true;
        }
    }

    private long giveBack(long[] block, boolean[] taken) {
        free(block[0], (int) block[1]);
        Arrays.fill(taken, (int) block[0], (int) (block[0] + (1L << block[1])), false);
        return 1L << block[1];
    }
}
