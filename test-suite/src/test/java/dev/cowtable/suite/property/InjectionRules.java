package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.Advice;
import dev.cowtable.suite.litmus.Op;
import java.util.EnumSet;
import java.util.Set;

/** What an operation that finds no memory answers, and what it may have changed. */
final class InjectionRules {
    private static final Set<Advice> POPULATING = EnumSet.of(Advice.POPULATE_READ, Advice.POPULATE_WRITE);
    /** Pages that cannot be had, or given away, are passed over. */
    private static final Set<Advice> BEST_EFFORT = EnumSet.of(Advice.PAGEOUT, Advice.COLD, Advice.WILLNEED);

    private InjectionRules() {
    }

    /** A pattern of the answers that the manual pages, or the relaxed design, give. */
    static String errno(Op op) {
        return switch (op) {
            case Op.TouchRange _,Op.ReadRange _ -> "ENOMEM at=\\+[0-9]+";
            case Op.Madvise advice when advice.advice() == Advice.GUARD_INSTALL -> "EAGAIN|ENOMEM";
            case Op.Madvise advice when !POPULATING.contains(advice.advice()) -> "EAGAIN";
            case Op.Mlock _,Op.Pmadvise _ -> "EAGAIN";
            case Op.Pin _ -> "ENOMEM|EFAULT";
            case Op.MemRead _,Op.MemWrite _ -> "EIO";
            case Op.PvmRead _,Op.PvmWrite _ -> "EFAULT";
            default -> "ENOMEM";
        };
    }

    /**
     * Whether loads from this area see what they saw before. What is done page by page keeps the pages done; mremap()
     * to a fixed place unmaps what was there first; guards go on table by table, and the next table may be the one that
     * cannot be had.
     */
    static boolean keepsContents(Op op, String area, String result) {
        return switch (op) {
            case Op.TouchRange _ -> false;
            case Op.Mremap move -> !move.to().area().name().equals(area)
                    && !(dropsTheEnd(move) && move.from().area().name().equals(area));
            case Op.Madvise advice -> advice.advice() != Advice.GUARD_INSTALL || result.equals("EAGAIN");
            default -> true;
        };
    }

    /** A move that shrinks unmaps what is too much before it moves the rest, and so cannot be done again as it was. */
    static boolean dropsTheEnd(Op op) {
        return op instanceof Op.Mremap move && move.to().pages() < move.from().pages();
    }

    /** mlock() has locked the VMAs when it faults pages in, guard regions have marked theirs when they need a table. */
    static boolean keepsVmas(Op op) {
        return switch (op) {
            case Op.Mlock _,Op.Mremap _ -> false;
            case Op.Madvise advice -> advice.advice() != Advice.GUARD_INSTALL;
            default -> true;
        };
    }

    /** Operations that break what is shared before they change anything. */
    static boolean keepsCounts(Op op) {
        return switch (op) {
            case Op.Fork _,Op.Munmap _,Op.Mprotect _,Op.Mmap _ -> true;
            case Op.Madvise advice -> !POPULATING.contains(advice.advice()) && advice.advice() != Advice.GUARD_INSTALL;
            default -> false;
        };
    }

    /**
     * An operation that does not tell what it could not do (the growth of a locked mapping is faulted in if there is
     * memory), or that touches the pages again that it had when it failed.
     */
    static boolean isBestEffort(Op op) {
        return switch (op) {
            case Op.Mmap mmap -> mmap.options().populate() || mmap.options().locked();
            case Op.Madvise advice -> BEST_EFFORT.contains(advice.advice()) || POPULATING.contains(advice.advice());
            case Op.Pmadvise _,Op.Mlock _,Op.Pin _ -> true;
            case Op.Mremap move -> move.to().pages() > move.from().pages();
            case Op.MremapInPlace growth -> growth.newPages() > growth.range().pages();
            default -> false;
        };
    }
}
