package dev.cowtable.mm;

/** Error numbers as the kernel returns them, negated, and their names. */
public enum Errno {
    EPERM(1),
    EINTR(4),
    EIO(5),
    EAGAIN(11),
    ENOMEM(12),
    EFAULT(14),
    EBUSY(16),
    EEXIST(17),
    EINVAL(22),
    EOPNOTSUPP(95),
    EHWPOISON(133);

    private final int number;

    Errno(int number) {
        this.number = number;
    }

    /** The value that a kernel function returns for this error: below zero. */
    public int code() {
        return -number;
    }

    /** The error behind a negative return value. */
    public static Errno of(long code) {
        for (Errno errno : values()) {
            if (errno.number == -code) {
                return errno;
            }
        }
        throw new IllegalArgumentException(code + " is no error code");
    }
}
