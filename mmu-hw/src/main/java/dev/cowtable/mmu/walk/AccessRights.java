package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.Translation;

/**
 * The truth table of access rights (SDM volume 3, 4.6.1) and the protection keys (4.6.2), for the mode at hand.
 *
 * <pre>
 *  access              U=0            U=1
 *  supervisor read     yes            AC or not SMAP
 *  supervisor write    W or not WP    (W or not WP) and (AC or not SMAP)
 *  supervisor fetch    X              X and not SMEP
 *  implicit read       yes            not SMAP
 *  implicit write      W or not WP    (W or not WP) and not SMAP
 *  user read           no             yes
 *  user write          no             W
 *  user fetch          no             X
 * </pre>
 *
 * <p>A key of PKRU (user pages, CR4.PKE) or IA32_PKRS (supervisor pages, CR4.PKS) takes data accesses away: with AD all, with
 * WD a user's writes, and a supervisor's while WP=1.
 *
 * <p>Sets of kinds of access are ints with one bit for each, numbered by {@code access >>> 1}.
 */
final class AccessRights {
    /** Instead of a kind of access: a walk ahead of any access, which no right stops. */
    static final int SPECULATIVE = Access.KINDS << 1;

    private static final int WP = 1 << 3;
    private static final int SMEP = 1 << 4;
    private static final int SMAP = 1 << 5;
    private static final int AC = 1 << 6;
    private static final int MODES = 1 << 7;
    private static final int PATHS = 1 << 3;
    private static final int KEYS = 16;
    private static final int USER_PAGES = KEYS;

    private static final int WRITES = writes();
    /** Index: W, U, X of the path in bits 0..2, the mode above them. */
    private static final int[] TRUTH_TABLE = truthTable();

    /** Index: W, U, X of the path. */
    private final int[] allowedByPath = new int[PATHS];
    /** Index: key, plus {@link #USER_PAGES} if the path is the user's. */
    private final int[] allowedByKey = new int[2 * KEYS];

    /** To be called after any change of a register. */
    void modeChanged(ControlRegisters registers) {
        boolean wp = registers.hasCr0(Cr0.WP);
        int mode = (wp ? WP : 0) | (registers.hasCr4(Cr4.SMEP) ? SMEP : 0) | (registers.hasCr4(Cr4.SMAP) ? SMAP : 0)
                | (registers.ac() ? AC : 0);
        System.arraycopy(TRUTH_TABLE, mode, allowedByPath, 0, PATHS);
        int pkru = registers.hasCr4(Cr4.PKE) ? registers.pkru() : 0;
        int pkrs = registers.hasCr4(Cr4.PKS) ? registers.pkrs() : 0;
        for (int key = 0; key < KEYS; key++) {
            allowedByKey[key] = allowedByKey(pkrs >>> 2 * key, wp, false);
            allowedByKey[USER_PAGES + key] = allowedByKey(pkru >>> 2 * key, wp, true);
        }
    }

    /** The kinds of access that path and key allow. */
    int allowed(long translation) {
        return allowedByPath[path(translation)] & allowedByKey[keyIndex(translation)];
    }

    /** As {@link #allowed}, without the writes that must walk to set D. */
    int allowedWithoutWalk(long translation) {
        int allowed = allowed(translation);
        return (translation & Translation.DIRTY) != 0 ? allowed : allowed & ~WRITES;
    }

    /** The key is among the reasons for a fault (bit PK of its error code). */
    boolean keyForbids(long translation, int access) {
        return !contains(allowedByKey[keyIndex(translation)], access);
    }

    static boolean contains(int kinds, int access) {
        return ((kinds >>> (access >>> 1)) & 1) != 0;
    }

    private static int path(long translation) {
        return (int) (translation & Translation.RIGHTS) >>> 1;
    }

    private static int keyIndex(long translation) {
        return (int) (translation >>> Entry.KEY_SHIFT) | (int) (translation & Translation.USER) << 2;
    }

    private static int[] truthTable() {
        int[] table = new int[MODES];
        for (int index = 0; index < MODES; index++) {
            table[index] = 1 << (SPECULATIVE >>> 1);
            for (int kind = 0; kind < Access.KINDS; kind++) {
                table[index] |= permits(index, kind << 1) ? 1 << kind : 0;
            }
        }
        return table;
    }

    private static boolean permits(int mode, int access) {
        long path = (long) mode << 1;
        boolean userPage = (path & Translation.USER) != 0;
        boolean byUser = (access & Access.USER) != 0;
        if ((access & Access.FETCH) != 0) {
            return (path & Translation.EXECUTABLE) != 0
                    && (byUser ? userPage : !userPage || (mode & SMEP) == 0);
        }
        boolean excused = (mode & AC) != 0 && (access & Access.IMPLICIT) == 0;
        boolean privilege = byUser ? userPage : !userPage || (mode & SMAP) == 0 || excused;
        boolean write = (access & Access.WRITE) == 0 || (path & Translation.WRITABLE) != 0
                || (!byUser && (mode & WP) == 0);
        return privilege && write;
    }

    /** The low two bits of {@code rights} are AD and WD. */
    private static int allowedByKey(int rights, boolean wp, boolean userPages) {
        int allowed = 1 << (SPECULATIVE >>> 1);
        for (int kind = 0; kind < Access.KINDS; kind++) {
            allowed |= keyPermits(rights, kind << 1, wp, userPages) ? 1 << kind : 0;
        }
        return allowed;
    }

    private static boolean keyPermits(int rights, int access, boolean wp, boolean userPages) {
        boolean byUser = (access & Access.USER) != 0;
        if ((access & Access.FETCH) != 0 || (byUser && !userPages)) {
            return true;
        }
        boolean accessDisabled = (rights & 1) != 0;
        boolean writeDisabled = (rights & 2) != 0 && (byUser || wp);
        return !accessDisabled && !(writeDisabled && (access & Access.WRITE) != 0);
    }

    private static int writes() {
        int kinds = 0;
        for (int kind = 0; kind < Access.KINDS; kind++) {
            kinds |= ((kind << 1) & Access.WRITE) != 0 ? 1 << kind : 0;
        }
        return kinds;
    }
}
