package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.entry.Access;
import java.util.Locale;

/** The {@code access} key of a vector. */
public enum VectorAccess {
    /** Data read at the given CPL. */
    R(Access.READ),
    /** Data write at the given CPL. */
    W(Access.WRITE),
    /** Instruction fetch at the given CPL. */
    X(Access.FETCH),
    /** Implicit supervisor read at CPL 3, such as of a descriptor table. */
    KR(Access.READ | Access.IMPLICIT),
    /** Implicit supervisor write at CPL 3. */
    KW(Access.WRITE | Access.IMPLICIT);

    private final int kind;

    VectorAccess(int kind) {
        this.kind = kind;
    }

    /** As in the text form. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isImplicit() {
        return (kind & Access.IMPLICIT) != 0;
    }

    /** The bits of {@link Access} for the CPL; an implicit access is a supervisor's at any. */
    public int kind(int cpl) {
        return cpl == 3 && !isImplicit() ? kind | Access.USER : kind;
    }
}
