package dev.cowtable.suite.vectors;

/** This machine cannot run an oracle; the message says in one line why. */
public final class OracleUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    public OracleUnavailableException(String oneLine) {
        super(oneLine);
    }
}
