package dev.cowtable.suite.litmus;

/** The output of one scenario, built line by line. */
public final class Transcript {
    private final StringBuilder out = new StringBuilder();
    private final ObservationFormatter observations = new ObservationFormatter(out);

    /** {@code N| op => result}, for operations that report no faults and for DEAD-PROCESS. */
    public void line(Op op, String result) {
        head(op).append(result).append('\n');
    }

    /** {@code N| op => result}, with the fault counts if the operation reports them. */
    public void line(Op op, String result, long minorFaults, long majorFaults) {
        head(op).append(result);
        if (op.reportsFaults()) {
            out.append(" min=").append(minorFaults).append(" maj=").append(majorFaults);
        }
        out.append('\n');
    }

    /** The line above a block of observe, vmas or smaps; it ends with a blank. */
    public void blockHead(Op op) {
        head(op).append('\n');
    }

    /** {@code N| op => UNSUPPORTED (reason)}. */
    public void unsupported(Op op, String reason) {
        head(op).append(OpResult.UNSUPPORTED).append(reason.isEmpty() ? "" : " (" + reason + ")").append('\n');
    }

    /** Prints the lines of an observe block. */
    public ObservationFormatter observations() {
        return observations;
    }

    /** The buffer, for {@link VmaView#appendTo}. */
    public StringBuilder buffer() {
        return out;
    }

    private StringBuilder head(Op op) {
        return out.append(op.src().number()).append("| ").append(op.src().text()).append(" => ");
    }

    /** All that was printed. */
    @Override
    public String toString() {
        return out.toString();
    }
}
