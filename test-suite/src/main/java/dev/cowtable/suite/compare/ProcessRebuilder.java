package dev.cowtable.suite.compare;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotVma;
import dev.cowtable.suite.snapshot.VmaKind;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Builds a recorded process in an emulated kernel: its VMAs, then its pages.
 *
 * <p>Anonymous pages get contents of their own, all other pages are opaque entries with counts. What cannot be rebuilt
 * is counted under its name. Two recorded VMAs never merge into one: where the merge rules would allow it, the upper
 * one gets another page offset.
 */
public final class ProcessRebuilder {
    /** Added to a page offset, it lies beyond those of all addresses and files. */
    private static final long APART = 1L << 48;

    private final Kernel kernel;
    private final Cpu cpu;
    private final MmStruct mm;
    private final Map<LeftOut, Long> leftOut = new EnumMap<>(LeftOut.class);
    private final TouchablePages pages = new TouchablePages();
    private final PageInstaller installer;

    private ProcessRebuilder(Lab lab) {
        kernel = lab.kernel();
        cpu = lab.mainCpu();
        MmStruct made = kernel.newMm(cpu);
        if (made == null) {
            throw noMemory();
        }
        mm = made;
        installer = new PageInstaller(kernel, cpu, pages, leftOut);
    }

    /** Builds the process on a machine that has no other yet. */
    public static RebuiltProcess rebuild(Snapshot snapshot, Lab lab) {
        long begin = System.nanoTime();
        ProcessRebuilder rebuilder = new ProcessRebuilder(lab);
        for (SnapshotVma vma : snapshot.vmas()) {
            rebuilder.rebuild(vma);
        }
        return new RebuiltProcess(snapshot, rebuilder.mm, rebuilder.pages, rebuilder.leftOut,
                rebuilder.installer.pagesInFolios(),
                System.nanoTime() - begin);
    }

    static IllegalStateException noMemory() {
        return new IllegalStateException("the emulated machine is too small for this process");
    }

    private void rebuild(SnapshotVma recorded) {
        long start = recorded.startVaddr();
        if (start < 0 || recorded.endVaddr() < 0 || recorded.endVaddr() > MemoryMap.TASK_SIZE) {
            leftOut.merge(LeftOut.VMAS_OUTSIDE_USER_SPACE, 1L, Long::sum);
            return;
        }
        long flags = RecordedFlags.of(recorded);
        AddressSpace file = file(recorded);
        long pgoff = pgoff(recorded, flags, file);
        int error = kernel.memoryMap().mmapRegion(cpu, mm, start, recorded.endVaddr() - start, flags, file, pgoff);
        VmAreaStruct vma = mm.vmaLookup(start);
        if (error != 0 || vma == null || vma.start() != start) {
            throw new IllegalStateException("the VMA at 0x" + Long.toHexString(start) + " cannot be mapped: "
                    + (error != 0 ? Errno.of(error) : "merged"));
        }
        if (recorded.hasAnonVma()) {
            mm.mmapLock().downRead(cpu);
            kernel.rmap().anonVmaPrepare(cpu, vma);
            mm.mmapLock().upRead(cpu);
        }
        installer.install(vma, recorded.pages());
    }

    private static @Nullable AddressSpace file(SnapshotVma recorded) {
        return switch (recorded.kind()) {
            case ANON, HEAP, STACK -> null;
            case FILE, SPECIAL -> new AddressSpace(recorded.name(), false);
            case SHMEM -> new AddressSpace(recorded.name(), true);
        };
    }

    private long pgoff(SnapshotVma recorded, long flags, @Nullable AddressSpace file) {
        boolean ownOffset = file != null && recorded.kind() != VmaKind.SPECIAL;
        long pgoff = (ownOffset ? recorded.offsetBytes() : recorded.startVaddr()) >>> Paging.PAGE_SHIFT;
        VmAreaStruct below = mm.previousVma(recorded.startVaddr());
        boolean wouldMerge = below != null && below.end() == recorded.startVaddr() && below.flags() == flags
                && Objects.equals(below.file(), file) && below.linearPageIndex(below.end()) == pgoff;
        return wouldMerge ? pgoff + APART : pgoff;
    }
}
