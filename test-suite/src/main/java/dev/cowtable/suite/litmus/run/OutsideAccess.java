package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.access.DirectIo;
import dev.cowtable.mm.access.ProcMem;
import dev.cowtable.mm.access.ProcessVm;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRef;
import org.jspecify.annotations.Nullable;

/**
 * Pages reached by others than the program: a device, another process. The caller's CPU does the work and its thread takes the faults.
 *
 * <p>A target that has ended is answered DEAD-PROCESS.
 */
final class OutsideAccess {
    /** The bytes of page 0 of the file that O_DIRECT reads from; those of page k are k more. */
    private static final int FILE_BYTE = 112;

    private final DirectIo directIo;
    private final ProcMem procMem;
    private final ProcessVm processVm;
    private final byte[] written = new byte[(int) AreaLayout.PAGE_BYTES];

    OutsideAccess(Kernel kernel) {
        this.directIo = new DirectIo(kernel);
        this.procMem = new ProcMem(kernel);
        this.processVm = new ProcessVm(kernel);
    }

    String odRead(LitmusProcess process, PageRef page, long filePage) {
        int value = (int) (FILE_BYTE + filePage) & 0xff;
        return count(directIo.read(process.cpu(), process.mm(), page.vaddr(), value));
    }

    String odWrite(LitmusProcess process, PageRef page) {
        return count(directIo.write(process.cpu(), process.mm(), page.vaddr(), written));
    }

    String memRead(LitmusProcess process, @Nullable LitmusProcess target, PageRef page) {
        return target == null ? OpResult.DEAD_PROCESS
                : value(procMem.read(process.cpu(), target.mm(), page.vaddr()));
    }

    String memWrite(LitmusProcess process, @Nullable LitmusProcess target, PageRef page, int value) {
        return target == null ? OpResult.DEAD_PROCESS
                : MappingCalls.result(procMem.write(process.cpu(), target.mm(), page.vaddr(), value));
    }

    String pvmRead(LitmusProcess process, @Nullable LitmusProcess target, PageRef page) {
        return target == null ? OpResult.DEAD_PROCESS
                : value(processVm.readv(process.cpu(), target.mm(), page.vaddr()));
    }

    String pvmWrite(LitmusProcess process, @Nullable LitmusProcess target, PageRef page, int value) {
        return target == null ? OpResult.DEAD_PROCESS
                : MappingCalls.result(processVm.writev(process.cpu(), target.mm(), page.vaddr(), value));
    }

    private static String count(int result) {
        return result < 0 ? MappingCalls.result(result) : OpResult.count(result);
    }

    private static String value(int result) {
        return result < 0 ? MappingCalls.result(result) : OpResult.value(result);
    }
}
