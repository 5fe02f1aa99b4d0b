package dev.cowtable.suite.vectors;

/** A line that breaks the format's rules; the message is {@code FILE:LINE: reason}. */
public final class VectorSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;
    private final String reason;

    /**
     * @param file name of the text as the caller knows it
     * @param line line number from 1
     */
    public VectorSyntaxException(String file, int line, String reason) {
        super(file + ":" + line + ": " + reason);
        this.line = line;
        this.reason = reason;
    }

    public int line() {
        return line;
    }

    public String reason() {
        return reason;
    }
}
