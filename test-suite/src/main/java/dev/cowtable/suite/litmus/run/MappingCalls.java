package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;

/** The system calls that change a process's address space, or tell about it. */
final class MappingCalls {
    private final MemoryMap memoryMap;

    MappingCalls(MemoryMap memoryMap) {
        this.memoryMap = memoryMap;
    }

    String mmap(LitmusProcess process, Op.Mmap op) {
        Op.MapOptions how = op.options();
        if (how.file() != null) {
            throw new UnsupportedOperationException("files");
        }
        PageRange range = op.range();
        int flags = (how.shared() ? MemoryMap.MAP_SHARED : 0) | (how.noreserve() ? MemoryMap.MAP_NORESERVE : 0)
                | (how.locked() ? MemoryMap.MAP_LOCKED : 0) | (how.populate() ? MemoryMap.MAP_POPULATE : 0);
        return result(memoryMap.mmap(process.cpu(), process.mm(), range.vaddr(), range.bytes(), flags(how.prot()),
                flags));
    }

    String munmap(LitmusProcess process, Op.Munmap op) {
        return result(memoryMap.munmap(process.cpu(), process.mm(), op.range().vaddr(), op.range().bytes()));
    }

    String mprotect(LitmusProcess process, Op.Mprotect op) {
        PageRange range = op.range();
        return result(memoryMap.mprotect(process.cpu(), process.mm(), range.vaddr(), range.bytes(), flags(op.prot())));
    }

    String mremap(LitmusProcess process, Op.Mremap op) {
        int flags =
                MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED | (op.dontunmap() ? MemoryMap.MREMAP_DONTUNMAP : 0);
        return result(memoryMap.mremap(process.cpu(), process.mm(), op.from().vaddr(), op.from().bytes(),
                op.to().vaddr(), op.to().bytes(), flags));
    }

    String mremap(LitmusProcess process, Op.MremapInPlace op) {
        PageRange range = op.range();
        return result(memoryMap.mremap(process.cpu(), process.mm(), range.vaddr(), range.bytes(), 0,
                op.newPages() << 12, 0));
    }

    String madvise(LitmusProcess process, PageRange range, dev.cowtable.suite.litmus.Advice advice) {
        return result(memoryMap.madvise(process.cpu(), process.mm(), range.vaddr(), range.bytes(), mm(advice)));
    }

    /** The bytes that were advised are the whole range, or the call fails. */
    String pmadvise(LitmusProcess process, LitmusProcess target, PageRange range,
            dev.cowtable.suite.litmus.Advice advice) {
        long done = memoryMap.processMadvise(process.cpu(), process.mm(), target.mm(), range.vaddr(), range.bytes(),
                mm(advice));
        return done < 0 ? Errno.of(done).name() : OpResult.OK;
    }

    private static Advice mm(dev.cowtable.suite.litmus.Advice advice) {
        return switch (advice) {
            case HUGEPAGE, NOHUGEPAGE, COLLAPSE, MERGEABLE, UNMERGEABLE ->
                    throw new UnsupportedOperationException("madvise " + advice.word());
            default -> Advice.valueOf(advice.name());
        };
    }

    String mlock(LitmusProcess process, Op.Mlock op) {
        PageRange range = op.range();
        return result(memoryMap.mlock(process.cpu(), process.mm(), range.vaddr(), range.bytes(), op.onfault()));
    }

    String munlock(LitmusProcess process, Op.Munlock op) {
        return result(memoryMap.munlock(process.cpu(), process.mm(), op.range().vaddr(), op.range().bytes()));
    }

    String mincore(LitmusProcess process, Op.Mincore op) {
        PageRange range = op.range();
        byte[] pages = new byte[Math.toIntExact(range.pages())];
        int error = memoryMap.mincore(process.cpu(), process.mm(), range.vaddr(), range.bytes(), pages);
        return error < 0 ? result(error) : OpResult.residency(pages);
    }

    private static long flags(Prot prot) {
        return (prot.readable() ? VmFlags.READ : 0) | (prot.writable() ? VmFlags.WRITE : 0)
                | (prot.executable() ? VmFlags.EXEC : 0);
    }

    /** The text of a result that is 0 or a negative errno. */
    static String result(long error) {
        return error == 0 ? OpResult.OK : Errno.of(error).name();
    }
}
