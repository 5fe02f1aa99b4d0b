package dev.cowtable.suite.vectors.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What every access needs beside its own tables: descriptor tables, handlers, stubs, and the tables that map them. */
final class Harness {
    static final int GDT_LIMIT = GuestLayout.TSS_SELECTOR + 16 - 1;
    static final int IDT_LIMIT = 256 * 16 - 1;
    static final int TSS_LIMIT = 0x67;

    private static final long CODE0 = 0x00af_9b00_0000_ffffL;
    private static final long DATA0 = 0x00cf_9300_0000_ffffL;
    private static final long DATA3 = 0x00cf_f300_0000_ffffL;
    private static final long CODE3 = 0x00af_fb00_0000_ffffL;
    private static final int BUSY_TSS = 0x8b;
    private static final int IST1_AT = 0x24;
    private static final int INTERRUPT_GATE_IST1 = 0x8e01;
    /** P, R/W, A, D. */
    private static final long SUPERVISOR_ENTRY = 0x63;
    private static final long USER_ENTRY = SUPERVISOR_ENTRY | 4;
    private static final int NR_PAGES = 8;

    private final MemorySegment memory;

    private Harness(MemorySegment memory) {
        this.memory = memory;
    }

    /** Fills the harness's slot. */
    static void write(MemorySegment memory) {
        Harness harness = new Harness(memory);
        harness.writeDescriptors();
        harness.writeGates();
        harness.writeCode(GuestLayout.HANDLERS, GuestCode.handlers());
        harness.writeCode(GuestLayout.SUPERVISOR_CODE, GuestCode.supervisorStubs());
        harness.writeCode(GuestLayout.USER_CODE, GuestCode.userStubs());
        harness.writeTables(GuestLayout.SUPERVISOR_TABLES, SUPERVISOR_ENTRY);
        harness.writeTables(GuestLayout.USER_TABLES, USER_ENTRY);
    }

    /** The top-level entries that a root needs to see the harness. */
    static void mapInto(MemorySegment roots, long rootAt) {
        roots.set(ValueLayout.JAVA_LONG, rootAt + GuestLayout.SUPERVISOR_INDEX * GuestLayout.ENTRY_BYTES,
                GuestLayout.HARNESS_GPA + GuestLayout.SUPERVISOR_TABLES | SUPERVISOR_ENTRY);
        roots.set(ValueLayout.JAVA_LONG, rootAt + GuestLayout.USER_INDEX * GuestLayout.ENTRY_BYTES,
                GuestLayout.HARNESS_GPA + GuestLayout.USER_TABLES | USER_ENTRY);
    }

    private void writeDescriptors() {
        put(GuestLayout.GDT + GuestLayout.CODE0_SELECTOR, CODE0);
        put(GuestLayout.GDT + GuestLayout.DATA0_SELECTOR, DATA0);
        put(GuestLayout.GDT + (GuestLayout.DATA3_SELECTOR & ~3), DATA3);
        put(GuestLayout.GDT + (GuestLayout.CODE3_SELECTOR & ~3), CODE3);
        long base = GuestLayout.SUPERVISOR_VADDR + GuestLayout.TSS;
        put(GuestLayout.GDT + GuestLayout.TSS_SELECTOR, TSS_LIMIT | (base & 0xff_ffff) << 16 | (long) BUSY_TSS << 40
                | (base >>> 24 & 0xff) << 56);
        put(GuestLayout.GDT + GuestLayout.TSS_SELECTOR + 8, base >>> 32);
        put(GuestLayout.TSS + IST1_AT, GuestLayout.SUPERVISOR_VADDR + GuestLayout.INTERRUPT_STACK_TOP);
    }

    private void writeGates() {
        for (int vector = 0; vector < 256; vector++) {
            long handler =
                    GuestLayout.SUPERVISOR_VADDR + GuestLayout.HANDLERS + (long) vector * GuestCode.HANDLER_BYTES;
            long low = handler & 0xffff | (long) GuestLayout.CODE0_SELECTOR << 16 | (long) INTERRUPT_GATE_IST1 << 32
                    | (handler >>> 16 & 0xffff) << 48;
            put(GuestLayout.IDT + vector * 16, low);
            put(GuestLayout.IDT + vector * 16 + 8, handler >>> 32);
        }
    }

    private void writeCode(int at, byte[] code) {
        MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, at, code.length);
    }

    /** Three tables in a row that map the first pages of the slot. */
    private void writeTables(int at, long rights) {
        put(at, GuestLayout.HARNESS_GPA + at + GuestLayout.PAGE_BYTES | rights);
        put(at + GuestLayout.PAGE_BYTES, GuestLayout.HARNESS_GPA + at + 2 * GuestLayout.PAGE_BYTES | rights);
        for (int page = 0; page < NR_PAGES; page++) {
            put(at + 2 * GuestLayout.PAGE_BYTES + page * GuestLayout.ENTRY_BYTES,
                    GuestLayout.HARNESS_GPA + (long) page * GuestLayout.PAGE_BYTES | rights);
        }
    }

    private void put(int at, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
    }
}
