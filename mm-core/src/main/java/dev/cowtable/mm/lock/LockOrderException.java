package dev.cowtable.mm.lock;

import java.io.Serial;

/** A lock rule was broken: wrong order, sleeping in atomic context, unlock of a lock that is not held. */
public final class LockOrderException extends IllegalStateException {
    @Serial
    private static final long serialVersionUID = 1L;

    LockOrderException(String message) {
        super(message);
    }
}
