package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;

/** The system calls that change a process's address space. */
final class MappingCalls {
    private final MemoryMap memoryMap;

    MappingCalls(MemoryMap memoryMap) {
        this.memoryMap = memoryMap;
    }

    String mmap(LitmusProcess process, Op.Mmap op) {
        Op.MapOptions how = op.options();
        refuse(how.file() != null, "files");
        refuse(how.shared(), "shared memory");
        refuse(how.locked(), "locked memory");
        PageRange range = op.range();
        int error =
                memoryMap.mmapAnonymous(process.cpu(), process.mm(), range.vaddr(), range.bytes(), flags(how.prot()),
                        how.noreserve());
        if (error == 0 && how.populate()) {
            memoryMap.populate(process.cpu(), process.mm(), range.vaddr(), range.endVaddr());
        }
        return result(error);
    }

    private static void refuse(boolean asked, String what) {
        if (asked) {
            throw new UnsupportedOperationException(what);
        }
    }

    String munmap(LitmusProcess process, Op.Munmap op) {
        return result(memoryMap.munmap(process.cpu(), process.mm(), op.range().vaddr(), op.range().bytes()));
    }

    String mprotect(LitmusProcess process, Op.Mprotect op) {
        PageRange range = op.range();
        return result(memoryMap.mprotect(process.cpu(), process.mm(), range.vaddr(), range.bytes(), flags(op.prot())));
    }

    String madvise(LitmusProcess process, Op.Madvise op) {
        PageRange range = op.range();
        Advice advice = switch (op.advice()) {
            case DONTNEED -> Advice.DONTNEED;
            case DONTFORK -> Advice.DONTFORK;
            case DOFORK -> Advice.DOFORK;
            case WIPEONFORK -> Advice.WIPEONFORK;
            case KEEPONFORK -> Advice.KEEPONFORK;
            default -> throw new UnsupportedOperationException("madvise " + op.advice().word());
        };
        return result(memoryMap.madvise(process.cpu(), process.mm(), range.vaddr(), range.bytes(), advice));
    }

    private static long flags(Prot prot) {
        return (prot.readable() ? VmFlags.READ : 0) | (prot.writable() ? VmFlags.WRITE : 0)
                | (prot.executable() ? VmFlags.EXEC : 0);
    }

    /** The text of a result that is 0 or a negative errno. */
    static String result(int error) {
        return error == 0 ? OpResult.OK : Errno.of(error).name();
    }
}
