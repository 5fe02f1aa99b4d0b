package dev.cowtable.suite.vectors.qemu;

/** Physical addresses and offsets that the guest's source ({@code qemu_guest.S}) fixes. */
final class GuestLayout {
    static final long MAILBOX = 0x40_0000L;
    static final long READY = MAILBOX;
    static final long DOORBELL = MAILBOX + 8;
    static final long DONE = MAILBOX + 16;
    static final long STUBS = MAILBOX + 24;
    /** CPUID 7.0 EBX, ECX. */
    static final long CPUID_7 = MAILBOX + 32;
    /** CPUID 80000001 EDX, 80000008 EAX. */
    static final long CPUID_EXTENDED = MAILBOX + 40;
    static final long BASE_CR4 = MAILBOX + 48;
    static final long KEYS = MAILBOX + 56;
    static final long COUNTS = MAILBOX + 64;
    static final long READY_MAGIC = 0x636f_7774_6162_6c65L;

    static final int BANKS = 2;
    static final int BANK_RECORDS = 512;
    static final int RECORD_BYTES = 128;
    private static final long FIRST_BANK = 0x50_0000L;

    /** Bits of KEYS. */
    static final long HAS_PKRU = 1;
    static final long HAS_PKRS = 2;

    static final int CR3 = 0;
    static final int VADDR = 8;
    static final int VALUE = 16;
    static final int CR4 = 24;
    static final int CR0 = 32;
    static final int EFER = 40;
    /** PKRU below, IA32_PKRS above. */
    static final int PKRU_PKRS = 48;
    static final int RIP = 56;
    static final int CS = 64;
    static final int SS = 72;
    static final int RFLAGS = 80;
    static final int TABLE = 88;
    /** Values of TABLE. */
    static final long LDT_AT_VADDR = 1;
    static final long STACK_AT_VADDR = 2;

    static final int RESULT_VECTOR = 0;
    static final int RESULT_ERROR = 8;
    static final int RESULT_CR2 = 16;
    static final int RESULT_RAX = 24;
    static final int RESULT_RIP = 32;

    static final int DONE_VECTOR = 0x21;
    static final int STACK_VECTOR = 0x22;

    static final long CODE_0 = 0x08;
    static final long DATA_0 = 0x10;
    static final long CODE_3 = 0x1b;
    static final long DATA_3 = 0x23;

    /** Stubs: loads and stores by the logarithm of their size, then the others. */
    static final int STUB_BYTES = 16;
    static final int STORE_STUB = 4;
    static final int FETCH_STUB = 8;
    static final int LSL_STUB = 9;
    static final int INT_STUB = 10;

    /** The guest's own part of every address space. */
    static final long OWN_BYTES = 0x100_0000L;
    /** Where the host builds the tables that map it. */
    static final long OWN_TABLES = 0x80_0000L;

    private GuestLayout() {
    }

    static long recordPaddr(int slot) {
        return FIRST_BANK + (long) slot * RECORD_BYTES;
    }
}
