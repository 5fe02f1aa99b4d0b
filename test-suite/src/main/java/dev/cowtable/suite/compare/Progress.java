package dev.cowtable.suite.compare;

import java.io.Console;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** A bar on one line of a terminal; without one it prints nothing. */
public final class Progress {
    private static final int WIDTH = 30;
    private static final long MIN_NANOS = 100_000_000;

    private final @Nullable PrintWriter out;
    private String label = "";
    private long lastNanos = System.nanoTime();
    private int shown;

    private Progress(@Nullable PrintWriter out) {
        this.out = out;
    }

    /** Prints nothing. */
    public static Progress none() {
        return new Progress(null);
    }

    /** Prints to {@code err} if the command runs on a terminal. */
    @SuppressWarnings("SystemConsoleNull") // whether null is possible depends on the VM's console provider
    public static Progress onTerminal(PrintWriter err) {
        Console console = System.console();
        return new Progress(console != null && console.isTerminal() ? err : null);
    }

    static Progress to(PrintWriter out) {
        return new Progress(out);
    }

    /** Begins a part of the work. */
    void begin(String part) {
        label = part;
        show(0, 1);
    }

    void update(long done, long total) {
        if (out != null && System.nanoTime() - lastNanos >= MIN_NANOS) {
            show(done, total);
        }
    }

    private void show(long done, long total) {
        if (out == null) {
            return;
        }
        lastNanos = System.nanoTime();
        int filled = (int) (WIDTH * done / Math.max(1, total));
        String text = "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "] " + label;
        out.print("\r" + text + " ".repeat(Math.max(0, shown - text.length())));
        out.flush();
        shown = text.length();
    }

    /** Wipes the line. */
    void end() {
        if (out != null && shown > 0) {
            out.print("\r" + " ".repeat(shown) + "\r");
            out.flush();
            shown = 0;
        }
    }
}
