package dev.cowtable.suite.snapshot;

import java.io.IOException;

/** A snapshot file that does not follow the format; the message is {@code FILE:LINE: reason}. */
public final class SnapshotFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int line;

    SnapshotFormatException(String file, int line, String reason) {
        super(file + ":" + line + ": " + reason);
        this.line = line;
    }

    /** Line number, from 1. */
    public int line() {
        return line;
    }
}
