package dev.cowtable.mmu;

/** One access; an implicit one (of a descriptor table) is a supervisor's at any CPL. */
public enum AccessKind {
    SUPERVISOR_READ(false, false, false, false),
    SUPERVISOR_WRITE(false, true, false, false),
    SUPERVISOR_FETCH(false, false, true, false),
    USER_READ(true, false, false, false),
    USER_WRITE(true, true, false, false),
    USER_FETCH(true, false, true, false),
    IMPLICIT_READ(false, false, false, true),
    IMPLICIT_WRITE(false, true, false, true);

    public final boolean user;
    public final boolean write;
    public final boolean fetch;
    public final boolean implicit;

    AccessKind(boolean user, boolean write, boolean fetch, boolean implicit) {
        this.user = user;
        this.write = write;
        this.fetch = fetch;
        this.implicit = implicit;
    }
}
