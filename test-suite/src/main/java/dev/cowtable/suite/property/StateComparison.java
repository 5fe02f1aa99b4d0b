package dev.cowtable.suite.property;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.run.EntryReader;
import dev.cowtable.suite.litmus.run.FrameNumbers;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Compares all that two runs of one program may not differ in after the same operations.
 *
 * <p>Pages are equal when they were first seen at the same place of the walk: numbers stay with a page from comparison to
 * comparison, so that a page kept here and copied there shows.
 */
public final class StateComparison {
    /** Rights and kind of an entry. R/W is left out: a table may be protected as a whole. So are A and D. */
    private static final long COMPARED = Entry.P | Entry.US | Entry.XD | Pte.PROTNONE | Pte.SPECIAL;

    private final LitmusSession left;
    private final LitmusSession right;
    private final FrameNumbers leftNumbers = new FrameNumbers();
    private final FrameNumbers rightNumbers = new FrameNumbers();
    /** Slots of one walk: which of the left run stands where which of the right run does. */
    private final Map<Long, Long> leftToRight = new HashMap<>();
    private final Map<Long, Long> rightToLeft = new HashMap<>();

    public StateComparison(LitmusSession left, LitmusSession right) {
        this.left = left;
        this.right = right;
    }

    /** The first difference in words, or null. */
    public @Nullable String compare(List<Area> areas) {
        leftToRight.clear();
        rightToLeft.clear();
        for (int number : left.numbers()) {
            MmStruct mine = left.mm(number);
            MmStruct other = right.mm(number);
            String difference = mine == null || other == null
                    ? differs("whether it lives", mine != null, other != null) : compare(mine, other, areas);
            if (difference != null) {
                return "P" + number + " " + difference;
            }
        }
        return differs("processes", left.numbers(), right.numbers());
    }

    private @Nullable String compare(MmStruct mine, MmStruct other, List<Area> areas) {
        String difference = differs("VmPTE", mine.pgtablesBytes(), other.pgtablesBytes());
        difference = difference != null ? difference : differs("VmLck", mine.lockedVm(), other.lockedVm());
        for (Rss kind : Rss.values()) {
            difference = difference != null ? difference : differs(kind.name(), mine.rss(kind), other.rss(kind));
        }
        difference = difference != null ? difference : compareVmas(mine.vmas(), other.vmas());
        for (Area area : areas) {
            difference = difference != null ? difference : comparePages(mine, other, area);
        }
        return difference;
    }

    private static @Nullable String differs(String what, Object mine, Object other) {
        return Objects.equals(mine, other) ? null : what + ": " + mine + " and " + other;
    }

    private static @Nullable String compareVmas(VmAreaStruct[] mine, VmAreaStruct[] other) {
        String difference = differs("VMAs", mine.length, other.length);
        for (int i = 0; i < mine.length && difference == null; i++) {
            difference = differs("VMA " + i, text(mine[i]), text(other[i]));
        }
        return difference;
    }

    private static String text(VmAreaStruct vma) {
        return Long.toHexString(vma.start()) + "-" + Long.toHexString(vma.end()) + " " + Long.toHexString(vma.flags())
                + " " + vma.pgoff() + (vma.anonVma() == null ? "" : " anon_vma");
    }

    // ---------------------------------------------------------------- pages

    private @Nullable String comparePages(MmStruct mine, MmStruct other, Area area) {
        EntryReader myEntries = new EntryReader(left.kernel().machine().memory(), mine);
        EntryReader otherEntries = new EntryReader(right.kernel().machine().memory(), other);
        for (long page = 0; page < area.pages(); page++) {
            long vaddr = area.vaddr() + page * AreaLayout.PAGE_BYTES;
            long myPte = myEntries.pte(vaddr);
            long otherPte = otherEntries.pte(vaddr);
            String difference = myPte == 0 && otherPte == 0 ? null : compareEntries(myPte, otherPte);
            if (difference != null) {
                return area.name() + "+" + page + " " + difference;
            }
        }
        return null;
    }

    private @Nullable String compareEntries(long mine, long other) {
        if (SwpEntry.isSlot(mine) && SwpEntry.isSlot(other)) {
            return compareSlots(mine, other);
        }
        if ((mine & COMPARED) != (other & COMPARED) || (mine == 0) != (other == 0)) {
            return "entry: 0x" + Long.toHexString(mine) + " and 0x" + Long.toHexString(other);
        }
        if (SwpEntry.isSwap(mine)) {
            return mine == other ? null : "entry: 0x" + Long.toHexString(mine) + " and 0x" + Long.toHexString(other);
        }
        if (!Pte.isPresent(mine) || Pte.isSpecial(mine)) {
            return null;
        }
        return comparePage(Pte.pfn(mine), Pte.pfn(other));
    }

    /** The same slot in the same places, whatever its number, and as exclusive. */
    private @Nullable String compareSlots(long mine, long other) {
        long mySlot = SwpEntry.plain(mine);
        long otherSlot = SwpEntry.plain(other);
        boolean alike = leftToRight.getOrDefault(mySlot, otherSlot) == otherSlot
                && rightToLeft.getOrDefault(otherSlot, mySlot) == mySlot;
        leftToRight.put(mySlot, otherSlot);
        rightToLeft.put(otherSlot, mySlot);
        return alike && (mine ^ mySlot) == (other ^ otherSlot) ? null
                : "swap entry: 0x" + Long.toHexString(mine) + " and 0x" + Long.toHexString(other);
    }

    private @Nullable String comparePage(long mine, long other) {
        Kernel myKernel = left.kernel();
        Kernel otherKernel = right.kernel();
        MemMap myMap = myKernel.memMap();
        MemMap otherMap = otherKernel.memMap();
        int myNumber = leftNumbers.number(mine, myMap.generation(mine));
        int otherNumber = rightNumbers.number(other, otherMap.generation(other));
        if (myNumber == otherNumber && myMap.pageRefCount(mine) == otherMap.pageRefCount(other)
                && myMap.mapcount(mine) == otherMap.mapcount(other) && myMap.flags(mine) == otherMap.flags(other)
                && word(myKernel, mine) == word(otherKernel, other)) {
            return null;
        }
        return "page: " + text(myKernel, mine, myNumber) + " and " + text(otherKernel, other, otherNumber);
    }

    private static long word(Kernel kernel, long pfn) {
        return kernel.machine().memory().read(pfn << AreaLayout.PAGE_SHIFT);
    }

    private static String text(Kernel kernel, long pfn, int number) {
        MemMap memMap = kernel.memMap();
        return "#" + number + " refcount=" + memMap.pageRefCount(pfn) + " mapcount=" + memMap.mapcount(pfn)
                + " flags=0x"
                + Integer.toHexString(memMap.flags(pfn)) + " word=" + word(kernel, pfn);
    }
}
