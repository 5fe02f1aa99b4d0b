package dev.cowtable.suite.history;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.access.ApplyToPageRange;
import dev.cowtable.mm.access.FollowPfnmap;
import dev.cowtable.mm.access.HmmRange;
import dev.cowtable.mm.access.HmmRangeFault;
import dev.cowtable.mm.access.RemapPfnRange;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.memfail.MemoryFailure;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.numa.NumaHints;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What litmus programs have no word for: {@code kernel WORK [Pn A+k]}, the kernel's own work or a driver's, on a page of a process.
 *
 * <pre>
 *   nomem               the next allocation fails
 *   folios              anonymous memory comes in folios of four pages from now on
 *   reclaim, swapoff    of all there is
 *   migrate, poison     the frame of the page
 *   takeaway, putback   the two halves of a migration
 *   numa                a hint in the place of the entry
 *   track, clear, isdirty   soft-dirty bits: from now on, of the process, of the page
 *   device, remap, follow   a mapping for frames there; a frame in it; the look at the frame
 *   apply, existing     apply_to_page_range(), apply_to_existing_page_range(): how many entries it shows
 *   fault               a write fault on a page, whoever was faster
 *   hmm, hmmfault       hmm_range_fault(), asking for nothing or for the page: 4 it is there, 2 and may be written, 1 error
 *   fast                get_user_pages_fast(): how many pages without locks
 * </pre>
 */
final class KernelWork {
    private static final long DEVICE_PFN = 0x3_0000;

    private final LitmusSession session;
    private final Kernel kernel;
    private final Cpu cpu;
    private final List<Area> areas;
    private MigratePages.@Nullable Migration underway;

    KernelWork(LitmusSession session, List<Area> areas) {
        this.session = session;
        this.kernel = session.kernel();
        this.cpu = kernel.machine().cpu(0);
        this.areas = areas;
    }

    /** True while a page is on its way: the locks of its mover are held. */
    boolean isUnderway() {
        return underway != null;
    }

    /** Does the work of one line; what came of it: a number, or an errno. */
    String perform(String line) {
        String[] words = line.split(" ", -1);
        long result = words.length == 2 ? onAll(words[1])
                : onPage(words[1], Objects.requireNonNull(session.mm(Integer.parseInt(words[2].substring(1)))),
                        vaddr(words[3]));
        return Arrays.stream(Errno.values()).filter(errno -> errno.code() == result).map(errno -> "-" + errno)
                .findFirst().orElse(String.valueOf(result));
    }

    private long vaddr(String page) {
        String[] parts = page.split("\\+", -1);
        Area area = areas.stream().filter(known -> known.name().equals(parts[0])).findFirst().orElseThrow();
        return area.pageVaddr(Long.parseLong(parts[1]));
    }

    private long onAll(String work) {
        switch (work) {
            case "nomem" -> kernel.failures().failOnceAfter(0);
            case "reclaim" -> {
                kernel.lru().lruAddDrainAll(cpu);
                kernel.reclaim().shrinkNode(cpu, 100);
            }
            case "swapoff" -> kernel.swap().swapoffAll(cpu);
            case "folios" -> kernel.setAnonFolioOrder(2);
            case "track" -> kernel.softDirty().enable();
            case "putback" -> {
                new MigratePages(kernel).finish(cpu, Objects.requireNonNull(underway));
                underway = null;
            }
            default -> throw new IllegalArgumentException(work);
        }
        return 0;
    }

    private long onPage(String work, MmStruct mm, long vaddr) {
        return switch (work) {
            case "migrate" -> new MigratePages(kernel).migrate(cpu, pfn(mm, vaddr)).ordinal();
            case "takeaway" -> {
                underway = Objects.requireNonNull(new MigratePages(kernel).begin(cpu, pfn(mm, vaddr)));
                yield 0;
            }
            case "poison" -> new MemoryFailure(kernel).memoryFailure(cpu, pfn(mm, vaddr));
            case "isdirty" -> kernel.softDirty().isSoftDirty(cpu, mm, vaddr) ? 1 : 0;
            case "clear" -> kernel.softDirty().clearRefs(cpu, mm);
            case "fast" -> fast(mm, vaddr);
            case "device" -> kernel.memoryMap().mmapRegion(cpu, mm, vaddr, 4096,
                    VmFlags.READ | VmFlags.WRITE | VmFlags.MAY_FLAGS | RemapPfnRange.VMA_FLAGS, null, vaddr >>> 12);
            case "remap" -> remap(mm, vaddr);
            default -> {
                mm.mmapLock().downRead(cpu);
                long result = underLock(work, mm, vaddr);
                mm.mmapLock().upRead(cpu);
                yield result;
            }
        };
    }

    private long underLock(String work, MmStruct mm, long vaddr) {
        VmAreaStruct vma = Objects.requireNonNull(mm.vmaLookup(vaddr));
        int[] shown = new int[1];
        ApplyToPageRange.PteFn count = (on, ptePaddr, at) -> {
            shown[0]++;
            return 0;
        };
        return switch (work) {
            case "numa" -> new NumaHints(kernel).changeProtNuma(cpu, vma, vaddr, vaddr + 4096);
            case "follow" -> follow(vma, vaddr);
            case "apply" -> new ApplyToPageRange(kernel).apply(cpu, mm, vaddr, 4096, count) + shown[0];
            case "existing" -> new ApplyToPageRange(kernel).applyExisting(cpu, mm, vaddr, 4096, count) + shown[0];
            case "fault" -> kernel.fault().handleMmFault(cpu, vma, vaddr, VmFault.FLAG_WRITE) & VmFault.ERROR;
            case "hmm" -> hmm(mm, vaddr, 0);
            case "hmmfault" -> hmm(mm, vaddr, HmmRange.REQ_FAULT);
            default -> throw new IllegalArgumentException(work);
        };
    }

    private long follow(VmAreaStruct vma, long vaddr) {
        FollowPfnmap look = new FollowPfnmap(kernel);
        int error = look.start(cpu, vma, vaddr);
        if (error == 0) {
            look.end(cpu);
        }
        return error;
    }

    private long remap(MmStruct mm, long vaddr) {
        mm.mmapLock().downWrite(cpu);
        VmAreaStruct vma = Objects.requireNonNull(mm.vmaLookup(vaddr));
        int error = new RemapPfnRange(kernel).remap(cpu, vma, vaddr, DEVICE_PFN, 1);
        mm.mmapLock().upWrite(cpu);
        return error;
    }

    /** The flags that the device is told, or an errno. */
    private long hmm(MmStruct mm, long vaddr, long asked) {
        long[] words = {asked};
        int error = new HmmRangeFault(kernel).hmmRangeFault(cpu, new HmmRange(mm, vaddr, words, 0));
        return error != 0 ? error : words[0] >>> 61;
    }

    private long fast(MmStruct mm, long vaddr) {
        long before = kernel.counters().sum(Counter.GUP_FAST);
        long[] pfns = new long[1];
        int had = kernel.gupStrategy().getUserPagesFast(cpu, mm, vaddr, 1, FollFlags.GET, pfns);
        kernel.gupStrategy().putUserPages(cpu, pfns, Math.max(had, 0));
        return kernel.counters().sum(Counter.GUP_FAST) - before;
    }

    private long pfn(MmStruct mm, long vaddr) {
        long pmd = cpu.memory().read(kernel.pageTables().pmdOffset(cpu, mm, vaddr));
        return Pte.pfn(
                cpu.memory().read(PageTables.ptePaddr(Objects.requireNonNull(kernel.pageTables().desc(pmd)), vaddr)));
    }
}
