package dev.cowtable.mmu;

import java.util.function.LongUnaryOperator;

/**
 * A translator that says rule by rule what the manual says of one access without any caches; it shares no code with the
 * walker, reads memory and changes nothing. The result stands in the fields until the next call.
 *
 * <p>Mirrors: SDM volume 3, 4.5 (entries), 4.6 (rights, keys), 4.7 (error code), 4.8 (A and D), 4.9 (memory type);
 * AMD volume 2, 5.3 and 5.6.
 * <p>Differs: no CET, HLAT, LAM, SGX, SEV.
 */
public final class SlowTranslator {
    /** All that decides besides memory and the access. */
    public static final class State {
        public boolean amd;
        public int maxPhyAddr = 52;
        public boolean gigabytePages = true;
        public int levels = 4;
        public long cr3;
        public boolean wp = true;
        public boolean nxe = true;
        public boolean smep;
        public boolean smap;
        public boolean ac;
        public boolean pke;
        public boolean pks;
        public int pkru;
        public int pkrs;
    }

    public static final int PAGE_FAULT = 14;
    public static final int GENERAL_PROTECTION = 13;

    /** 0: the access succeeds, and {@code paddr} to {@code global} tell how. */
    public int vector;
    public int errorCode;
    public long paddr;
    /** Of the last entry that was read; above the top level if none was. */
    public int level;
    public int patIndex;
    public int key;
    /** G of the leaf; it says something if CR4.PGE=1. */
    public boolean global;
    /** Of the whole path, as far as it was walked. */
    public boolean userAddress;
    public boolean writable;
    public boolean executable;
    /** Where the entries stand and what they become, by level, from the top one down to {@code level}. */
    public final long[] slots = new long[6];
    public final long[] updates = new long[6];

    private State state = new State();
    private AccessKind kind = AccessKind.SUPERVISOR_READ;

    /** Memory gives the 8 bytes at a physical address. */
    public void translate(State state, LongUnaryOperator memory, long vaddr, AccessKind kind) {
        this.state = state;
        this.kind = kind;
        begin();
        if (!isCanonical(vaddr)) {
            vector = GENERAL_PROTECTION;
            return;
        }
        long table = field(state.cr3, 51, 12) << 12;
        while (true) {
            level--;
            int indexShift = 12 + 9 * (level - 1);
            slots[level] = table + 8 * field(vaddr, indexShift + 8, indexShift);
            long entry = memory.applyAsLong(slots[level]);
            updates[level] = entry;
            if (!bit(entry, 0)) {
                pageFault(false, false, false);
                return;
            }
            if (hasReservedBit(entry)) {
                pageFault(true, true, false);
                return;
            }
            combineRights(entry);
            if (mapsPage(entry)) {
                access(vaddr, entry);
                return;
            }
            table = field(entry, 51, 12) << 12;
        }
    }

    private void begin() {
        level = state.levels + 1;
        vector = 0;
        errorCode = 0;
        paddr = 0;
        patIndex = 0;
        key = 0;
        global = false;
        userAddress = true;
        writable = true;
        executable = true;
    }

    /** Bits 63 to 47, or 63 to 56 with five levels, are all equal. */
    private boolean isCanonical(long vaddr) {
        int lowest = state.levels == 5 ? 56 : 47;
        long sign = field(vaddr, 63, lowest);
        return sign == 0 || sign == field(-1L, 63, lowest);
    }

    private boolean hasReservedBit(long entry) {
        if (field(entry, 51, state.maxPhyAddr) != 0) {
            return true;
        }
        if (bit(entry, 63) && !state.nxe) {
            return true;
        }
        if (level >= 4) {
            return bit(entry, 7) || (bit(entry, 8) && state.amd);
        }
        if (level == 3 && bit(entry, 7)) {
            return !state.gigabytePages || field(entry, 29, 13) != 0;
        }
        if (level == 2 && bit(entry, 7)) {
            return field(entry, 20, 13) != 0;
        }
        return false;
    }

    /** A user-mode address has U/S in every entry, a writable one R/W in every entry; XD in any forbids fetches. */
    private void combineRights(long entry) {
        if (!bit(entry, 2)) {
            userAddress = false;
        }
        if (!bit(entry, 1)) {
            writable = false;
        }
        if (bit(entry, 63) && state.nxe) {
            executable = false;
        }
    }

    /** A PTE always; a PDE and a PDPTE with PS. */
    private boolean mapsPage(long entry) {
        return level == 1 || (level <= 3 && bit(entry, 7));
    }

    private void access(long vaddr, long leaf) {
        key = (int) field(leaf, 62, 59);
        boolean keyDenies = keyDenies();
        if (keyDenies || !pathAllows()) {
            pageFault(true, false, keyDenies);
            return;
        }
        int sizeShift = level == 1 ? 12 : level == 2 ? 21 : 30;
        paddr = field(leaf, 51, sizeShift) << sizeShift | field(vaddr, sizeShift - 1, 0);
        global = bit(leaf, 8);
        boolean pat = level == 1 ? bit(leaf, 7) : bit(leaf, 12);
        patIndex = (pat ? 4 : 0) + (bit(leaf, 4) ? 2 : 0) + (bit(leaf, 3) ? 1 : 0);
        setAccessedAndDirty();
    }

    private boolean pathAllows() {
        if (kind.user) {
            return userAccessAllowed();
        }
        return userAddress ? supervisorAccessToUserAddressAllowed() : supervisorAccessAllowed();
    }

    /** Never to a supervisor-mode address; CR0.WP does not matter. */
    private boolean userAccessAllowed() {
        if (!userAddress) {
            return false;
        }
        if (kind.write) {
            return writable;
        }
        if (kind.fetch) {
            return executable;
        }
        return true;
    }

    private boolean supervisorAccessAllowed() {
        if (kind.write) {
            return writable || !state.wp;
        }
        if (kind.fetch) {
            return executable;
        }
        return true;
    }

    /** SMEP forbids fetches; SMAP forbids data accesses, but EFLAGS.AC excuses explicit ones. */
    private boolean supervisorAccessToUserAddressAllowed() {
        if (kind.fetch && state.smep) {
            return false;
        }
        if (!kind.fetch && state.smap) {
            if (kind.implicit || !state.ac) {
                return false;
            }
        }
        return supervisorAccessAllowed();
    }

    /** PKRU holds for data accesses to user-mode addresses, PKRS for a supervisor's to supervisor-mode ones. */
    private boolean keyDenies() {
        if (kind.fetch) {
            return false;
        }
        if (userAddress) {
            return state.pke && keyDenies(state.pkru);
        }
        return state.pks && !kind.user && keyDenies(state.pkrs);
    }

    /** AD denies all; WD denies a user's writes, and a supervisor's if CR0.WP=1. */
    private boolean keyDenies(int register) {
        if (bit(register, 2 * key)) {
            return true;
        }
        if (bit(register, 2 * key + 1) && kind.write) {
            return kind.user || state.wp;
        }
        return false;
    }

    /** A in every entry that was used, D in the one that maps the page if the access writes. */
    private void setAccessedAndDirty() {
        for (int used = level; used <= state.levels; used++) {
            updates[used] |= 1L << 5;
        }
        if (kind.write) {
            updates[level] |= 1L << 6;
        }
    }

    private void pageFault(boolean present, boolean reserved, boolean byKey) {
        vector = PAGE_FAULT;
        errorCode += present ? 1 : 0;
        errorCode += kind.write ? 2 : 0;
        errorCode += kind.user ? 4 : 0;
        errorCode += reserved ? 8 : 0;
        errorCode += kind.fetch && (state.nxe || state.smep) ? 16 : 0;
        errorCode += byKey ? 32 : 0;
    }

    private static boolean bit(long value, int number) {
        return (value >>> number & 1) == 1;
    }

    /** Bits high to low of a value; of no bits (high below low) 0. */
    private static long field(long value, int high, int low) {
        return value >>> low & (1L << (high - low + 1)) - 1;
    }
}
