package dev.cowtable.suite.vectors.kvm;

/**
 * Where things lie in the guest.
 *
 * <pre>
 *  slot  guest physical           holds                               guest linear
 *  0     0                        descriptor tables, interrupt stack, PML4[511] (supervisor)
 *                                 code, harness's own page tables     PML4[1] (user; its code alone is run there)
 *  1     5_6780_0000              roots: tables of accesses           not mapped
 *  2..9  {@link #TARGET_GPAS}     targets, 2 MiB each                 by the access's own tables
 * </pre>
 *
 * <p>Why: the targets are spread so that each frame bit of a 36-bit physical address is 0 in one and 1 in another.
 */
final class GuestLayout {
    static final int PAGE_BYTES = 4096;
    static final int LARGE_PAGE_BYTES = 2 << 20;
    static final int ENTRY_BYTES = 8;

    static final int HARNESS_SLOT = 0;
    static final int ROOTS_SLOT = 1;
    static final int FIRST_TARGET_SLOT = 2;

    static final int HARNESS_BYTES = 1 << 20;
    static final long HARNESS_GPA = 0;
    static final int GDT = 0x1000;
    static final int TSS = 0x1800;
    static final int IDT = 0x2000;
    static final int INTERRUPT_STACK_TOP = 0x4000;
    static final int HANDLERS = 0x4000;
    static final int SUPERVISOR_CODE = 0x5000;
    static final int USER_CODE = 0x6000;
    static final int SUPERVISOR_TABLES = 0x8000;
    static final int USER_TABLES = 0xb000;

    static final int SUPERVISOR_INDEX = 511;
    static final int USER_INDEX = 1;
    static final long SUPERVISOR_VADDR = 0xffff_ff80_0000_0000L;
    static final long USER_VADDR = 0x80_0000_0000L;

    static final int LEVELS = 4;
    static final int NR_ROOTS = 2000;
    static final int ROOT_BYTES = LEVELS * PAGE_BYTES;
    static final long ROOTS_GPA = 0x5_6780_0000L;
    static final int ROOTS_BYTES = NR_ROOTS * ROOT_BYTES;

    private static final long[] TARGET_GPAS = {0x0_0240_0000L, 0x0_1fe0_0000L, 0x0_6aa0_0000L, 0x1_5540_0000L,
            0x2_33c0_0000L, 0x3_cc20_0000L, 0x6_a5a0_0000L, 0x7_ffe0_0000L};
    static final int NR_TARGETS = TARGET_GPAS.length;

    static final int CODE0_SELECTOR = 0x08;
    static final int DATA0_SELECTOR = 0x10;
    static final int DATA3_SELECTOR = 0x1b;
    static final int CODE3_SELECTOR = 0x23;
    static final int TSS_SELECTOR = 0x28;

    private GuestLayout() {
    }

    static long targetGpa(int target) {
        return TARGET_GPAS[target];
    }

    /** Index of the level's table that translates the address. */
    static int index(long vaddr, int level) {
        return (int) (vaddr >>> 12 + 9 * (level - 1)) & 511;
    }

    static boolean isCanonical(long vaddr) {
        return vaddr << 16 >> 16 == vaddr;
    }

    /** Top-level entries that the harness needs, and two left alone by agreement with the generator. */
    static boolean isTakenIndex(int topIndex) {
        return topIndex <= USER_INDEX || topIndex == 256 || topIndex == SUPERVISOR_INDEX;
    }
}
