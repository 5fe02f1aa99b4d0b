package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/**
 * Random calls on a few pages, beside a model that keeps flags page by page: what splits must merge again.
 *
 * <p>As nothing is ever written, no VMA has an anon_vma and all offsets are those of the addresses; so the VMAs must be exactly the longest
 * runs of equal flags.
 */
class VmaRunsPropertyTest {
    private static final int PAGES = 16;
    private static final long UNMAPPED = -1;

    enum Kind {
        MAP,
        UNMAP,
        PROTECT,
        DONTFORK,
        DOFORK,
        RANDOM,
        NORMAL,
        LOCK,
        UNLOCK,
        MOVE
    }

    record Call(Kind kind, int first, int end, int prot, int target) {
    }

    @Provide
    Arbitrary<List<Call>> calls() {
        Arbitrary<Integer> page = Arbitraries.integers().between(0, PAGES - 1);
        return Combinators.combine(Arbitraries.of(Kind.class), page, page, Arbitraries.integers().between(0, 2), page)
                .as((kind, a, b, prot, target) -> new Call(kind, Math.min(a, b), Math.max(a, b) + 1, prot, target))
                .list().ofMinSize(1).ofMaxSize(30);
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
    void vmasAreTheLongestRunsOfEqualFlags(@ForAll("calls") List<Call> calls) {
        MmLab lab = new MmLab();
        long[] model = new long[2 * PAGES];
        Arrays.fill(model, UNMAPPED);
        for (Call call : calls) {
            int expected = apply(model, call);
            assertThat(apply(lab, call)).as("%s", call).isEqualTo(expected);
            assertThat(vmas(lab)).as("after %s", call).isEqualTo(runs(model));
        }
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- the kernel

    private static int apply(MmLab lab, Call call) {
        MemoryMap map = lab.kernel.memoryMap();
        long start = at(call.first);
        long bytes = (call.end - call.first) * 4096L;
        return switch (call.kind) {
            case MAP -> map.mmapAnonymous(lab.cpu, lab.mm, start, bytes, prot(call), true);
            case UNMAP -> map.munmap(lab.cpu, lab.mm, start, bytes);
            case PROTECT -> map.mprotect(lab.cpu, lab.mm, start, bytes, prot(call));
            case DONTFORK -> map.madvise(lab.cpu, lab.mm, start, bytes, Advice.DONTFORK);
            case DOFORK -> map.madvise(lab.cpu, lab.mm, start, bytes, Advice.DOFORK);
            case RANDOM -> map.madvise(lab.cpu, lab.mm, start, bytes, Advice.RANDOM);
            case NORMAL -> map.madvise(lab.cpu, lab.mm, start, bytes, Advice.NORMAL);
            case LOCK -> map.mlock(lab.cpu, lab.mm, start, bytes, true);
            case UNLOCK -> map.munlock(lab.cpu, lab.mm, start, bytes);
            case MOVE -> map.mremap(lab.cpu, lab.mm, start, bytes, at(call.target), bytes,
                    MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED);
        };
    }

    private static long prot(Call call) {
        return call.prot == 0 ? 0 : call.prot == 1 ? RO : RW;
    }

    private static List<String> vmas(MmLab lab) {
        List<String> found = new ArrayList<>();
        for (VmAreaStruct vma : lab.mm.vmas()) {
            long first = (vma.start() - MmLab.BASE) >> 12;
            long end = (vma.end() - MmLab.BASE) >> 12;
            found.add(first + ".." + end + " " + Long.toHexString(vma.flags()));
        }
        return found;
    }

    // ---------------------------------------------------------------- the model

    private static int apply(long[] model, Call call) {
        return switch (call.kind) {
            case MAP -> {
                Arrays.fill(model, call.first, call.end, prot(call) | VmFlags.MAY_FLAGS | VmFlags.NORESERVE);
                yield 0;
            }
            case UNMAP -> {
                Arrays.fill(model, call.first, call.end, UNMAPPED);
                yield 0;
            }
            case PROTECT -> change(model, call, VmFlags.ACCESS_FLAGS, prot(call), true);
            case DONTFORK -> change(model, call, 0, VmFlags.DONTCOPY, false);
            case DOFORK -> change(model, call, VmFlags.DONTCOPY, 0, false);
            case RANDOM -> change(model, call, 0, VmFlags.RAND_READ, false);
            case NORMAL -> change(model, call, VmFlags.RAND_READ, 0, false);
            case LOCK -> change(model, call, 0, VmFlags.LOCKED | VmFlags.LOCKONFAULT, true);
            case UNLOCK -> change(model, call, VmFlags.LOCKED | VmFlags.LOCKONFAULT, 0, true);
            case MOVE -> move(model, call);
        };
    }

    private static int change(long[] model, Call call, long clear, long set, boolean stopsAtHole) {
        int result = 0;
        for (int i = call.first; i < call.end; i++) {
            if (model[i] != UNMAPPED) {
                model[i] = model[i] & ~clear | set;
            } else {
                result = Errno.ENOMEM.code();
                if (stopsAtHole) {
                    break;
                }
            }
        }
        return result;
    }

    /** Mapped pages move; where there is a hole the target stays as it is. */
    private static int move(long[] model, Call call) {
        int pages = call.end - call.first;
        boolean overlaps = call.target < call.end && call.target + pages > call.first;
        if (overlaps) {
            return Errno.EINVAL.code();
        }
        if (model[call.first] == UNMAPPED) {
            return Errno.EFAULT.code();
        }
        for (int i = 0; i < pages; i++) {
            if (model[call.first + i] != UNMAPPED) {
                model[call.target + i] = model[call.first + i];
            }
            model[call.first + i] = UNMAPPED;
        }
        return 0;
    }

    private static List<String> runs(long[] model) {
        List<String> found = new ArrayList<>();
        int start = 0;
        for (int i = 1; i <= model.length; i++) {
            if (i == model.length || model[i] != model[start]) {
                if (model[start] != UNMAPPED) {
                    found.add(start + ".." + i + " " + Long.toHexString(model[start]));
                }
                start = i;
            }
        }
        return found;
    }
}
