package dev.cowtable.suite.snapshot;

import java.io.IOException;

/** A process cannot be recorded; the message is one line for the user. */
public final class RecordException extends IOException {
    private static final long serialVersionUID = 1L;

    RecordException(String reason) {
        super(reason);
    }
}
