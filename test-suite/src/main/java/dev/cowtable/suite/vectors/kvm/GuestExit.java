package dev.cowtable.suite.vectors.kvm;

/**
 * How the guest's run ended: every run ends with a {@code hlt}.
 *
 * @param vector of the exception whose handler halted, or {@link #NO_EXCEPTION}
 * @param errorCode of the exception, 0 if it has none
 * @param ripVaddr of the instruction that raised the exception, else of the {@code hlt}
 * @param cr2 afterwards
 * @param rsi afterwards: what a load loaded
 */
record GuestExit(int vector, int errorCode, long ripVaddr, long cr2, long rsi) {
    static final int NO_EXCEPTION = -1;
    static final int INVALID_OPCODE = 6;
    static final int STACK_FAULT = 12;
    static final int GENERAL_PROTECTION = 13;
    static final int PAGE_FAULT = 14;

    boolean isException(int number, int code, long ofVaddr) {
        return vector == number && errorCode == code && ripVaddr == ofVaddr;
    }

    @Override
    public String toString() {
        return (vector == NO_EXCEPTION ? "hlt" : "exception " + vector + " error " + Integer.toHexString(errorCode))
                + " at " + Long.toHexString(ripVaddr) + " cr2 " + Long.toHexString(cr2) + " rsi "
                + Long.toHexString(rsi);
    }
}
