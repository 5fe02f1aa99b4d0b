package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.tlb.Translation;

/**
 * The truth table of access rights (SDM 4.6.1), looked up by the rights of the whole path and CR0.WP.
 *
 * <pre>
 *  access              U=0            U=1
 *  supervisor read     yes            yes
 *  supervisor write    W or not WP    W or not WP
 *  supervisor fetch    X              X
 *  user read           no             yes
 *  user write          no             W
 *  user fetch          no             X
 * </pre>
 */
final class AccessRights {
    /** Kinds of access with the WRITE bit, as bits numbered by {@code access >>> 1}. */
    private static final int WRITES = writes();
    private static final int WP = 1 << 3;
    /** Index: W, U, X of the path in bits 0..2, WP in bit 3. Value: one bit per kind of access. */
    private static final int[] ALLOWED = allowed();

    private AccessRights() {
    }

    /** The kinds of access that the path allows, one bit each, numbered by {@code access >>> 1}. */
    static int allowed(long translation, boolean writeProtect) {
        int rights = (int) (translation & Translation.RIGHTS) >>> 1;
        return ALLOWED[writeProtect ? rights | WP : rights];
    }

    /** As {@link #allowed}, without the writes that must walk to set D. */
    static int allowedWithoutWalk(long translation, boolean writeProtect) {
        int allowed = allowed(translation, writeProtect);
        return (translation & Translation.DIRTY) != 0 ? allowed : allowed & ~WRITES;
    }

    static boolean permits(int allowed, int access) {
        return ((allowed >>> (access >>> 1)) & 1) != 0;
    }

    private static int[] allowed() {
        int[] table = new int[2 * WP];
        for (int index = 0; index < table.length; index++) {
            for (int kind = 0; kind < Access.KINDS; kind++) {
                table[index] |= permits(index << 1, kind << 1, (index & WP) != 0) ? 1 << kind : 0;
            }
        }
        return table;
    }

    private static boolean permits(int rights, int access, boolean writeProtect) {
        boolean byUser = (access & Access.USER) != 0;
        boolean privilege = !byUser || (rights & Translation.USER) != 0;
        boolean write = (access & Access.WRITE) == 0 || (rights & Translation.WRITABLE) != 0
                || (!byUser && !writeProtect);
        boolean fetch = (access & Access.FETCH) == 0 || (rights & Translation.EXECUTABLE) != 0;
        return privilege && write && fetch;
    }

    private static int writes() {
        int kinds = 0;
        for (int kind = 0; kind < Access.KINDS; kind++) {
            kinds |= ((kind << 1) & Access.WRITE) != 0 ? 1 << kind : 0;
        }
        return kinds;
    }
}
