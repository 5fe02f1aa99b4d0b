package dev.cowtable.suite.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Turns pagemap's words into page states, VMA by VMA.
 *
 * <pre>
 *  63 present | 62 swap | 61 file | 58 guard | 56 sole mapper | 54..0 pfn (0 without privilege)
 * </pre>
 */
final class VmaScanner {
    private static final long PRESENT = 1L << 63;
    private static final long SWAP = 1L << 62;
    private static final long FILE = 1L << 61;
    private static final long GUARD = 1L << 58;
    private static final long SOLE_MAPPER = 1L << 56;
    private static final long PFN_MASK = (1L << 55) - 1;
    private static final int CHUNK_PAGES = 1 << 14;

    private final FileChannel pagemap;
    private final @Nullable PagemapScan scan;
    private final @Nullable KPageFlags kpageflags;
    private final ByteBuffer words = ByteBuffer.allocateDirect(CHUNK_PAGES * 8).order(ByteOrder.nativeOrder());
    private PageRuns.Builder runs = new PageRuns.Builder();
    private long nextVaddr;
    private boolean withoutPages;
    private boolean hugetlb;
    private boolean framesHidden;

    VmaScanner(FileChannel pagemap, @Nullable PagemapScan scan, @Nullable KPageFlags kpageflags) {
        this.pagemap = pagemap;
        this.scan = scan;
        this.kpageflags = kpageflags;
    }

    /** The states of one VMA's pages; throws an IOException that says "No such process" when the process is gone. */
    PageRuns scan(SmapsVma vma) throws IOException {
        runs = new PageRuns.Builder();
        nextVaddr = vma.startVaddr();
        withoutPages = vma.hasFlag("pf") || vma.hasFlag("io");
        hugetlb = vma.hasFlag("ht");
        if (!vma.isUserRange()) {
            return runs.add(PageState.NONE, vma.nrPages()).build();
        }
        if (scan != null) {
            scan.forEachRegion(vma.startVaddr(), vma.endVaddr(), this::region);
        } else if (!vma.isEmptyReservation()) {
            region(vma.startVaddr(), vma.endVaddr(), hugetlb ? PagemapScan.PAGE_IS_HUGE : 0);
        }
        padTo(vma.endVaddr());
        PageRuns.Builder sure = Doubt.resolve(runs, vma);
        return scan != null || hugetlb ? sure.build() : HugeFromSmaps.apply(sure, vma).build();
    }

    /** Whether frame numbers could decide every case so far. */
    boolean framesVisible() {
        return kpageflags != null && !framesHidden;
    }

    private void region(long startVaddr, long endVaddr, long categories) throws IOException {
        padTo(startVaddr);
        while (nextVaddr < endVaddr) {
            long nrPages = Math.min(CHUNK_PAGES, (endVaddr - nextVaddr) >>> SnapshotVma.PAGE_SHIFT);
            words.clear().limit((int) nrPages * 8);
            long position = (nextVaddr >>> SnapshotVma.PAGE_SHIFT) * 8;
            int nrBytes = pagemap.read(words, position);
            if (nrBytes < 8) {
                throw new IOException("No such process");
            }
            for (int at = 0; at + 8 <= nrBytes; at += 8) {
                runs.addRaw(classify(words.getLong(at), categories), 1);
            }
            nextVaddr += (long) (nrBytes / 8) << SnapshotVma.PAGE_SHIFT;
        }
    }

    private void padTo(long vaddr) {
        runs.add(PageState.NONE, (vaddr - nextVaddr) >>> SnapshotVma.PAGE_SHIFT);
        nextVaddr = vaddr;
    }

    private byte classify(long word, long categories) throws IOException {
        boolean huge = (categories & PagemapScan.PAGE_IS_HUGE) != 0;
        if ((word & PRESENT) == 0) {
            PageState notSwapped = (word & GUARD) != 0 ? PageState.GUARD : PageState.NONE;
            return (word & (GUARD | SWAP)) == SWAP ? PageState.SWAPPED.raw() : notSwapped.raw();
        }
        if ((word & FILE) != 0 || withoutPages) {
            return (huge ? PageState.HUGE_FILE : PageState.FILE).raw();
        }
        if ((word & SOLE_MAPPER) != 0) {
            return (huge ? PageState.HUGE_ANON_SOLE : PageState.ANON_SOLE).raw();
        }
        return sharedOrZero(word & PFN_MASK, huge, categories);
    }

    private byte sharedOrZero(long pfn, boolean huge, long categories) throws IOException {
        if ((categories & PagemapScan.PAGE_IS_PFNZERO) != 0) {
            return (huge ? PageState.HUGE_ZERO : PageState.ZERO).raw();
        }
        if ((scan != null && !huge) || hugetlb) {
            return (huge ? PageState.HUGE_ANON_SHARED : PageState.ANON_SHARED).raw();
        }
        framesHidden |= pfn == 0;
        if (kpageflags == null || pfn == 0) {
            return huge ? Doubt.HUGE : Doubt.SMALL;
        }
        if (kpageflags.isZero(pfn)) {
            return (huge ? PageState.HUGE_ZERO : PageState.ZERO).raw();
        }
        return (huge ? PageState.HUGE_ANON_SHARED : PageState.ANON_SHARED).raw();
    }
}
