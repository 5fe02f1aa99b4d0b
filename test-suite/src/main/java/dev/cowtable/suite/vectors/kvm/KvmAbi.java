package dev.cowtable.suite.vectors.kvm;

/**
 * Numbers of KVM's system-call interface on x86-64.
 *
 * <p>Mirrors: Documentation/virt/kvm/api.rst; the structures kvm_run, kvm_regs, kvm_sregs, kvm_cpuid2.
 */
final class KvmAbi {
    static final int API_VERSION = 12;
    static final int CAP_SYNC_REGS = 74;
    static final int CAP_SMALLER_MAXPHYADDR = 185;

    static final long GET_API_VERSION = 0xae00;
    static final long CREATE_VM = 0xae01;
    static final long CHECK_EXTENSION = 0xae03;
    static final long GET_VCPU_MMAP_SIZE = 0xae04;
    static final long CREATE_VCPU = 0xae41;
    static final long SET_TSS_ADDR = 0xae47;
    static final long RUN = 0xae80;
    static final long SET_USER_MEMORY_REGION = 0x4020ae46;
    static final long GET_SUPPORTED_CPUID = 0xc008ae05;
    static final long SET_CPUID2 = 0x4008ae90;
    static final long GET_SREGS = 0x8138ae83L;

    /** Of kvm_valid_regs and kvm_dirty_regs: the general and the special registers. */
    static final long SYNC_REGS_AND_SREGS = 3;

    static final int EXIT_REASON_AT = 8;
    static final int EXIT_DETAILS_AT = 32;
    static final int VALID_REGS_AT = 288;
    static final int DIRTY_REGS_AT = 296;
    static final int EXIT_HLT = 5;

    private static final int REGS_AT = 304;
    static final int RAX_AT = REGS_AT;
    static final int RBX_AT = REGS_AT + 8;
    static final int RCX_AT = REGS_AT + 16;
    static final int RDX_AT = REGS_AT + 24;
    static final int RSI_AT = REGS_AT + 32;
    static final int RSP_AT = REGS_AT + 48;
    static final int RIP_AT = REGS_AT + 128;
    static final int RFLAGS_AT = REGS_AT + 136;

    static final int SREGS_AT = 448;
    static final int SREGS_BYTES = 312;
    static final int CS_AT = SREGS_AT;
    static final int DS_AT = SREGS_AT + 24;
    static final int ES_AT = SREGS_AT + 48;
    static final int SS_AT = SREGS_AT + 120;
    static final int TR_AT = SREGS_AT + 144;
    static final int GDT_AT = SREGS_AT + 192;
    static final int IDT_AT = SREGS_AT + 208;
    static final int CR0_AT = SREGS_AT + 224;
    static final int CR2_AT = SREGS_AT + 232;
    static final int CR3_AT = SREGS_AT + 240;
    static final int CR4_AT = SREGS_AT + 248;
    static final int EFER_AT = SREGS_AT + 264;

    static final int SEGMENT_LIMIT_AT = 8;
    static final int SEGMENT_SELECTOR_AT = 12;
    static final int SEGMENT_TYPE_AT = 14;
    static final int SEGMENT_PRESENT_AT = 15;
    static final int SEGMENT_DPL_AT = 16;
    static final int SEGMENT_BIG_AT = 17;
    static final int SEGMENT_NOT_SYSTEM_AT = 18;
    static final int SEGMENT_LONG_AT = 19;
    static final int SEGMENT_GRANULARITY_AT = 20;
    static final int SEGMENT_UNUSABLE_AT = 22;
    static final int TABLE_LIMIT_AT = 8;

    static final int CPUID_HEADER_BYTES = 8;
    static final int CPUID_ENTRY_BYTES = 40;
    static final int CPUID_INDEX_AT = 4;
    static final int CPUID_EAX_AT = 12;
    static final int CPUID_EBX_AT = 16;
    static final int CPUID_ECX_AT = 20;
    static final int CPUID_EDX_AT = 24;

    private KvmAbi() {
    }
}
