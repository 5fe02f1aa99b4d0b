package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;

/** Loads and stores of a process. A signal ends the operation, not the process. */
final class UserMemoryOps {
    private final UserAccess access;

    UserMemoryOps(UserAccess access) {
        this.access = access;
    }

    String write(LitmusProcess process, Op.Write op) {
        long result = access.writeByte(process.cpu(), process.mm(), op.page().vaddr(), op.value());
        return result < 0 ? failure(result) : OpResult.OK;
    }

    String read(LitmusProcess process, Op.Read op) {
        long result = access.readByte(process.cpu(), process.mm(), op.page().vaddr());
        return result < 0 ? failure(result) : OpResult.value((int) result);
    }

    String touch(LitmusProcess process, Op.TouchRange op) {
        PageRange range = op.range();
        for (long page = range.first(); page < range.end(); page++) {
            int value = op.value().orElse((int) page & 0xff);
            long result = access.writeByte(process.cpu(), process.mm(), range.area().pageVaddr(page), value);
            if (result < 0) {
                return OpResult.signalAt(failure(result), page - range.first());
            }
        }
        return OpResult.OK;
    }

    String readRange(LitmusProcess process, Op.ReadRange op) {
        PageRange range = op.range();
        byte[] values = new byte[Math.toIntExact(range.pages())];
        long vaddr = range.vaddr();
        for (int i = 0; i < values.length; i++, vaddr += AreaLayout.PAGE_BYTES) {
            long result = access.readByte(process.cpu(), process.mm(), vaddr);
            if (result < 0) {
                return OpResult.signalAt(failure(result), i);
            }
            values[i] = (byte) result;
        }
        return OpResult.values(values, values.length);
    }

    private static String failure(long result) {
        UserFault fault = UserAccess.faultOf(result);
        if (fault == null) {
            throw new IllegalArgumentException(result + " is no failure");
        }
        return switch (fault) {
            case SEGV_MAPERR -> OpResult.SEGV_MAPERR;
            case SEGV_ACCERR -> OpResult.SEGV_ACCERR;
            case BUS_ADRERR -> OpResult.BUS_ADRERR;
            case BUS_MCEERR -> "SIGBUS/MCEERR";
            case OOM -> Errno.ENOMEM.name();
            case RETRY -> throw new IllegalStateException("an access was given up");
        };
    }
}
