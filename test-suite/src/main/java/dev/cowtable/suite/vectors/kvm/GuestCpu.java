package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The virtual CPU: makes one access after the other, each with all registers set anew. */
final class GuestCpu {
    /** In CR2 before the run: it stays there unless a page fault writes it. */
    static final long CR2_MARK = 0x5a5a_5a5a_5000L;

    private static final long CR0_ALWAYS = Cr0.PG | Cr0.PE | 0x30;
    private static final long EFER_ALWAYS = Efer.LME | Efer.LMA;
    private static final long RFLAGS_ALWAYS = 2;
    private static final long RFLAGS_AC = 1L << 18;
    /** Not canonical: a POP faults, an interrupt has a stack of its own. */
    private static final long NO_STACK = 1L << 63;
    private static final int CODE_TYPE = 11;
    private static final int DATA_TYPE = 3;
    private static final int VECTORS_WITH_CODE = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17;

    private final KvmVm vm;
    private final MemorySegment registers;
    private final MemorySegment harness;

    GuestCpu(KvmVm vm, MemorySegment harness) {
        this.vm = vm;
        this.registers = vm.registers();
        this.harness = harness;
        setSystemRegisters();
    }

    private void setSystemRegisters() {
        put(KvmAbi.GDT_AT, GuestLayout.SUPERVISOR_VADDR + GuestLayout.GDT);
        registers.set(ValueLayout.JAVA_SHORT, KvmAbi.GDT_AT + KvmAbi.TABLE_LIMIT_AT, (short) Harness.GDT_LIMIT);
        put(KvmAbi.IDT_AT, GuestLayout.SUPERVISOR_VADDR + GuestLayout.IDT);
        registers.set(ValueLayout.JAVA_SHORT, KvmAbi.IDT_AT + KvmAbi.TABLE_LIMIT_AT, (short) Harness.IDT_LIMIT);
        putSegment(KvmAbi.TR_AT, GuestLayout.TSS_SELECTOR, CODE_TYPE, GuestLayout.SUPERVISOR_VADDR + GuestLayout.TSS,
                Harness.TSS_LIMIT);
        registers.set(ValueLayout.JAVA_BYTE, KvmAbi.TR_AT + KvmAbi.SEGMENT_NOT_SYSTEM_AT, (byte) 0);
        registers.set(ValueLayout.JAVA_BYTE, KvmAbi.TR_AT + KvmAbi.SEGMENT_GRANULARITY_AT, (byte) 0);
        putSegment(KvmAbi.DS_AT, GuestLayout.DATA3_SELECTOR, DATA_TYPE, 0, -1);
        putSegment(KvmAbi.ES_AT, GuestLayout.DATA3_SELECTOR, DATA_TYPE, 0, -1);
    }

    /** Makes the access under the root. */
    GuestExit run(VectorInput vector, long vaddr, long rootGpa) throws IOException {
        setControlRegisters(vector, rootGpa);
        setSegments(vector.cpl());
        put(KvmAbi.RAX_AT, Integer.toUnsignedLong(vector.pkru()));
        put(KvmAbi.RBX_AT, vaddr);
        put(KvmAbi.RCX_AT, 0);
        put(KvmAbi.RDX_AT, 0);
        put(KvmAbi.RSI_AT, vector.access() == VectorAccess.W ? Targets.STORED : Targets.NOT_LOADED);
        put(KvmAbi.RSP_AT, NO_STACK);
        int entry = GuestCode.entry(vector.access(), vector.sizeBytes(), vector.pke());
        put(KvmAbi.RIP_AT, codeVaddr(vector.cpl()) + entry);
        put(KvmAbi.RFLAGS_AT, RFLAGS_ALWAYS | (vector.ac() ? RFLAGS_AC : 0));
        int reason = vm.run();
        if (reason != KvmAbi.EXIT_HLT) {
            throw new IOException("KVM left the guest with exit reason " + reason + ", details "
                    + Long.toHexString(get(KvmAbi.EXIT_DETAILS_AT)) + ", at " + Long.toHexString(get(KvmAbi.RIP_AT)));
        }
        return exit();
    }

    /** Linear address of the page of stubs that runs at the privilege level. */
    static long codeVaddr(int cpl) {
        return cpl == 3 ? GuestLayout.USER_VADDR + GuestLayout.USER_CODE
                : GuestLayout.SUPERVISOR_VADDR + GuestLayout.SUPERVISOR_CODE;
    }

    private void setControlRegisters(VectorInput vector, long rootGpa) {
        put(KvmAbi.CR0_AT, CR0_ALWAYS | (vector.wp() ? Cr0.WP : 0));
        put(KvmAbi.CR2_AT, CR2_MARK);
        put(KvmAbi.CR3_AT, rootGpa);
        put(KvmAbi.CR4_AT, Cr4.PAE | (vector.smep() ? Cr4.SMEP : 0) | (vector.smap() ? Cr4.SMAP : 0)
                | (vector.pke() ? Cr4.PKE : 0));
        put(KvmAbi.EFER_AT, EFER_ALWAYS | (vector.nxe() ? Efer.NXE : 0));
    }

    private void setSegments(int cpl) {
        putSegment(KvmAbi.CS_AT, cpl == 3 ? GuestLayout.CODE3_SELECTOR : GuestLayout.CODE0_SELECTOR, CODE_TYPE, 0, -1);
        putSegment(KvmAbi.SS_AT, cpl == 3 ? GuestLayout.DATA3_SELECTOR : GuestLayout.DATA0_SELECTOR, DATA_TYPE, 0, -1);
    }

    /** Of 64-bit code, or of flat data; its DPL is the selector's RPL. */
    private void putSegment(int at, int selector, int type, long base, int limit) {
        put(at, base);
        registers.set(ValueLayout.JAVA_INT, at + KvmAbi.SEGMENT_LIMIT_AT, limit);
        registers.set(ValueLayout.JAVA_SHORT, at + KvmAbi.SEGMENT_SELECTOR_AT, (short) selector);
        putByte(at + KvmAbi.SEGMENT_TYPE_AT, type);
        putByte(at + KvmAbi.SEGMENT_PRESENT_AT, 1);
        putByte(at + KvmAbi.SEGMENT_DPL_AT, selector & 3);
        putByte(at + KvmAbi.SEGMENT_BIG_AT, type == DATA_TYPE ? 1 : 0);
        putByte(at + KvmAbi.SEGMENT_NOT_SYSTEM_AT, 1);
        putByte(at + KvmAbi.SEGMENT_LONG_AT, type == CODE_TYPE ? 1 : 0);
        putByte(at + KvmAbi.SEGMENT_GRANULARITY_AT, 1);
        putByte(at + KvmAbi.SEGMENT_UNUSABLE_AT, 0);
    }

    /** An exception's handler halts within the page of handlers; its frame has one place, whatever was interrupted. */
    private GuestExit exit() {
        long rip = get(KvmAbi.RIP_AT);
        long inHandlers = rip - 1 - GuestLayout.SUPERVISOR_VADDR - GuestLayout.HANDLERS;
        if (inHandlers < 0 || inHandlers >= 256 * GuestCode.HANDLER_BYTES) {
            return new GuestExit(GuestExit.NO_EXCEPTION, 0, rip - 1, get(KvmAbi.CR2_AT), get(KvmAbi.RSI_AT));
        }
        int vector = (int) inHandlers / GuestCode.HANDLER_BYTES;
        boolean hasCode = vector < Integer.SIZE && (VECTORS_WITH_CODE >>> vector & 1) != 0;
        int code = hasCode ? harness.get(ValueLayout.JAVA_INT, GuestLayout.INTERRUPT_STACK_TOP - 48) : 0;
        long interrupted = harness.get(ValueLayout.JAVA_LONG, GuestLayout.INTERRUPT_STACK_TOP - 40);
        return new GuestExit(vector, code, interrupted, get(KvmAbi.CR2_AT), get(KvmAbi.RSI_AT));
    }

    private long get(int at) {
        return registers.get(ValueLayout.JAVA_LONG, at);
    }

    private void put(int at, long value) {
        registers.set(ValueLayout.JAVA_LONG, at, value);
    }

    private void putByte(int at, int value) {
        registers.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }
}
