package dev.cowtable.suite.litmus;

/** A scenario text that breaks the language's rules; the message is {@code FILE:LINE: reason}. */
public final class LitmusSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final int line;
    private final String reason;

    /**
     * @param file name of the text as the caller knows it
     * @param line line number from 1
     */
    public LitmusSyntaxException(String file, int line, String reason) {
        super(file + ":" + line + ": " + reason);
        this.file = file;
        this.line = line;
        this.reason = reason;
    }

    public String file() {
        return file;
    }

    public int line() {
        return line;
    }

    public String reason() {
        return reason;
    }
}
