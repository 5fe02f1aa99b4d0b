package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;

/**
 * What QEMU's TCG does otherwise than the manuals say, corrected while recording and counted.
 *
 * <ul>
 * <li>A reserved bit gives error code RSVD without P. SDM volume 3, 4.7: because reserved bits are not checked in an
 * entry whose P flag is 0, bit 3 (RSVD) can be set only if bit 0 (P) is set too.
 * <li>The entry of a 1 GiB page gets its A flag before rights and reserved bits are checked. SDM volume 3, 4.8: the
 * flag of an entry is set when the entry has been used as part of a linear-address translation; an access that faults
 * in the leaf is not translated by it.
 * </ul>
 *
 * <p>A that QEMU leaves in entries above the leaf of a faulting walk is no deviation: the manuals leave it open.
 */
final class QemuDeviations {
    private static final int HUGE_LEVEL = 3;

    private long reservedWithoutPresent;
    private long accessedOnFault;

    int errorCode(int reported) {
        if ((reported & Fault.RESERVED) == 0 || (reported & Fault.PRESENT) != 0) {
            return reported;
        }
        reservedWithoutPresent++;
        return reported | Fault.PRESENT;
    }

    /** Corrects, in place, the entries that a page fault left. */
    void restoreAccessed(PlacedVector vector, long[] left) {
        if (vector.lastLevel() != HUGE_LEVEL || !Entry.isPresent(left[HUGE_LEVEL])) {
            return;
        }
        long before = vector.input().entry(HUGE_LEVEL);
        if (left[HUGE_LEVEL] == (before | Entry.A) && left[HUGE_LEVEL] != before) {
            left[HUGE_LEVEL] = before;
            accessedOnFault++;
        }
    }

    /** Such as {@code corrected: P added to RSVD 12 times, A of a faulting 1 GiB leaf taken back 3 times}. */
    String describe() {
        return "corrected: P added to RSVD " + reservedWithoutPresent + " times, A of a faulting 1 GiB leaf taken back "
                + accessedOnFault + " times";
    }
}
