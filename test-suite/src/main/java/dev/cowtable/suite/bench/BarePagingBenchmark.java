package dev.cowtable.suite.bench;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A page walk and a TLB on bare arrays: the floor that this machine sets for {@link TranslateBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class BarePagingBenchmark {
    private static final int PAGES = 512;
    private static final int SLOTS = 1024;
    private static final int TOP_SHIFT = 39;
    private static final int INDEX_BITS = 9;
    private static final long OFFSET = 0xfff;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final long RIGHTS = 0x6;
    private static final long PRESENT_AND_ACCESSED = 0x21;
    private static final long TABLE = 0x67;
    private static final long PCID = 5;
    /** Why: at one offset in all pages the loads would share a few sets of the data caches. */
    private static final long LINE_BYTES = 64;
    private static final long BASE_VADDR = 1L << 46;
    private static final long ROOT = 0x1000;
    private static final long FIRST_PAGE = ROOT + 4 * 0x1000;

    private final long[] memory = new long[(int) ((FIRST_PAGE >>> 3) + PAGES * 512)];
    private final long[] tags = new long[SLOTS];
    private final long[] frames = new long[SLOTS];
    private final long[] vaddrs = new long[PAGES];

    /** Maps neighbouring pages, and puts all of them into the TLB. */
    @Setup(Level.Trial)
    public void map() {
        for (int level = 0; level < 3; level++) {
            long table = ROOT + level * 0x1000L;
            memory[word(table, index(BASE_VADDR, TOP_SHIFT - level * INDEX_BITS))] = (table + 0x1000) | TABLE;
        }
        for (int i = 0; i < PAGES; i++) {
            long page = BASE_VADDR + i * 0x1000L;
            long paddr = FIRST_PAGE + i * 0x1000L;
            vaddrs[i] = page | ((i * LINE_BYTES) & OFFSET);
            memory[word(FIRST_PAGE - 0x1000, i)] = paddr | TABLE;
            tags[slot(page)] = page | PCID;
            frames[slot(page)] = paddr;
        }
    }

    /** Four levels; presence, A and the rights of the path are looked at. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long walk() {
        long[] words = memory;
        long sum = 0;
        for (long vaddr : vaddrs) {
            sum += walk(words, vaddr);
        }
        return sum;
    }

    private static long walk(long[] words, long vaddr) {
        long table = ROOT;
        long ofAll = -1;
        for (int shift = TOP_SHIFT; shift > INDEX_BITS; shift -= INDEX_BITS) {
            long entry = words[word(table, index(vaddr, shift))];
            if ((entry & PRESENT_AND_ACCESSED) != PRESENT_AND_ACCESSED) {
                return -1;
            }
            ofAll &= entry;
            table = entry & ADDRESS;
        }
        return (ofAll & RIGHTS) == RIGHTS ? table | (vaddr & OFFSET) : -1;
    }

    /** Two arrays, direct-mapped. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long tlbHit() {
        long[] ownTags = tags;
        long[] ownFrames = frames;
        long sum = 0;
        for (long vaddr : vaddrs) {
            sum += find(ownTags, ownFrames, vaddr);
        }
        return sum;
    }

    /** The same and a load from the page, where memory is one array. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long tlbHitAndLoad() {
        long[] ownTags = tags;
        long[] ownFrames = frames;
        long[] words = memory;
        long sum = 0;
        for (long vaddr : vaddrs) {
            sum += words[(int) (find(ownTags, ownFrames, vaddr) >>> 3)];
        }
        return sum;
    }

    private static long find(long[] tags, long[] frames, long vaddr) {
        int slot = slot(vaddr);
        return tags[slot] == ((vaddr & ~OFFSET) | PCID) ? frames[slot] | (vaddr & OFFSET) : -1;
    }

    private static int slot(long vaddr) {
        return (int) (vaddr >>> 12) & (SLOTS - 1);
    }

    private static int index(long vaddr, int shift) {
        return (int) (vaddr >>> shift) & 511;
    }

    private static int word(long table, int index) {
        return (int) (table >>> 3) + index;
    }
}
