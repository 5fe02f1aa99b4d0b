package dev.cowtable.suite.litmus;

/** The texts of operation results. */
public final class OpResult {
    public static final String OK = "ok";
    public static final String DEAD_PROCESS = "DEAD-PROCESS";
    /** Refused by the design: nothing is changed and the scenario stops here. */
    public static final String UNSUPPORTED = "UNSUPPORTED";
    public static final String SEGV_MAPERR = "SIGSEGV/MAPERR";
    public static final String SEGV_ACCERR = "SIGSEGV/ACCERR";
    public static final String BUS_ADRERR = "SIGBUS/ADRERR";

    private OpResult() {}

    /** {@code ok v=BYTE[,..]} of the first {@code count} values. */
    public static String values(byte[] values, int count) {
        StringBuilder text = new StringBuilder("ok v=");
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ",").append(values[i] & 0xff);
        }
        return text.toString();
    }

    /** {@code ok v=BYTE}. */
    public static String value(int value) {
        return "ok v=" + (value & 0xff);
    }

    /** {@code ok n=COUNT}. */
    public static String count(long count) {
        return "ok n=" + count;
    }

    /** {@code ok 0100..}: mincore's low bits, a digit a page. */
    public static String residency(byte[] pages) {
        StringBuilder text = new StringBuilder("ok ");
        for (byte page : pages) {
            text.append(page & 1);
        }
        return text.toString();
    }

    /** A signal at page {@code page} of a range, counted from the range's start. */
    public static String signalAt(String signal, long page) {
        return signal + " at=+" + page;
    }

    /** {@code !! Pn DIED signal S}. */
    public static String died(int proc, int signal) {
        return "!! P" + proc + " DIED signal " + signal;
    }
}
