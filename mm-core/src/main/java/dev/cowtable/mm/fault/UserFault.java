package dev.cowtable.mm.fault;

/** How a user access that faulted ended. */
public enum UserFault {
    /** Handled: do the access again. */
    RETRY,
    SEGV_MAPERR,
    SEGV_ACCERR,
    BUS_ADRERR,
    /** The page is poisoned: BUS_MCEERR_AR. */
    BUS_MCEERR,
    /** No memory; the kernel would call the OOM killer and let the access be tried again. */
    OOM
}
