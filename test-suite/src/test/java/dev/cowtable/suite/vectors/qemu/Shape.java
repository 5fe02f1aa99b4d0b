package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;

/** Builds a shape; it starts as an access to a 4 KiB page that nothing forbids, with WP and NXE on. */
final class Shape {
    static final long ALL_RIGHTS = Entry.P | Entry.RW | Entry.US;
    static final long VADDR = 0x0000_2a55_1234_5678L;

    private final VectorAccess access;
    private final int cpl;
    private final long[] entries = {0, ALL_RIGHTS, ALL_RIGHTS, ALL_RIGHTS, ALL_RIGHTS, ALL_RIGHTS};
    private long vaddr = VADDR;
    private int sizeBytes = 1;
    private boolean wp = true;
    private boolean nxe = true;
    private boolean smep;
    private boolean smap;
    private boolean ac;
    private boolean pke;
    private int pkru;
    private boolean pks;
    private int pkrs;

    private Shape(VectorAccess access, int cpl) {
        this.access = access;
        this.cpl = cpl;
    }

    static Shape user(VectorAccess access) {
        return new Shape(access, 3);
    }

    static Shape supervisor(VectorAccess access) {
        return new Shape(access, access.isImplicit() ? 3 : 0);
    }

    Shape entry(int level, long entry) {
        entries[level] = entry;
        return this;
    }

    Shape with(int level, long bits) {
        entries[level] |= bits;
        return this;
    }

    Shape without(int level, long bits) {
        entries[level] &= ~bits;
        return this;
    }

    /** The leaf and all above it belong to the supervisor. */
    Shape supervisorPage() {
        for (int level = 1; level <= VectorInput.LEVELS; level++) {
            entries[level] &= ~Entry.US;
        }
        return this;
    }

    Shape at(long vaddr, int sizeBytes) {
        this.vaddr = vaddr;
        this.sizeBytes = sizeBytes;
        return this;
    }

    Shape noWp() {
        wp = false;
        return this;
    }

    Shape noNxe() {
        nxe = false;
        return this;
    }

    Shape smep() {
        smep = true;
        return this;
    }

    Shape smap() {
        smap = true;
        return this;
    }

    Shape ac() {
        ac = true;
        return this;
    }

    /** CR4.PKE. */
    Shape pkru(int value) {
        pke = true;
        pkru = value;
        return this;
    }

    /** CR4.PKS. */
    Shape pkrs(int value) {
        pks = true;
        pkrs = value;
        return this;
    }

    VectorInput build() {
        return new VectorInput(1, cpl, wp, nxe, smep, smap, ac, pke, pkru, pks, pkrs, access, sizeBytes, vaddr,
                entries.clone());
    }
}
