package dev.cowtable.suite.litmus;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a scenario, made for an exhaustive switch with record patterns.
 *
 * <p>Declarations ({@code file} lines) are no operations: see {@link Scenario#files()}.
 */
public sealed interface Op {
    /** Where the operation stands and how it is echoed. */
    Source src();

    /** Whether its output line ends with {@code min=F maj=F} (unless its process is dead). */
    default boolean reportsFaults() {
        return this instanceof OfProcess && !(this instanceof Lifecycle);
    }

    /**
     * Place and echo of an operation.
     *
     * @param number count of operations from 1, as printed
     * @param line line in the file from 1
     * @param text the operation as written, blanks collapsed and comment dropped
     */
    record Source(int number, int line, String text) {}

    /** Done from outside the processes. */
    sealed interface Global extends Op {}

    /** Done by a process, or to it; refused with DEAD-PROCESS when the process has ended. */
    sealed interface OfProcess extends Op {
        int proc();
    }

    /** Starts or ends a process. */
    sealed interface Lifecycle extends OfProcess {}

    record Swap(Source src, SwapKind kind) implements Global {}

    /** Sets the file's length. */
    record Truncate(Source src, String file, long pages) implements Global {}

    record Punch(Source src, String file, long first, long end) implements Global {}

    record Fwrite(Source src, String file, long filePage, int value) implements Global {}

    record Fread(Source src, String file, long filePage) implements Global {}

    record Ksm(Source src, int scans) implements Global {}

    record Drain(Source src) implements Global {}

    record Sleep(Source src, long millis) implements Global {}

    /** {@code range} is null for all areas. */
    record Observe(Source src, @Nullable PageRange range) implements Global {}

    record Vmas(Source src) implements Global {}

    record Smaps(Source src) implements Global {}

    record Fork(Source src, int proc, int child) implements Lifecycle {}

    record Exit(Source src, int proc) implements Lifecycle {}

    record Kill(Source src, int proc) implements Lifecycle {}

    record Crash(Source src, int proc) implements Lifecycle {}

    /** {@code range} starts at page 0; its length is the mapping's, which the area may exceed. */
    record Mmap(Source src, int proc, PageRange range, MapOptions options) implements OfProcess {}

    /**
     * How an mmap maps.
     *
     * @param file null for anonymous memory
     * @param filePage first file page mapped
     */
    record MapOptions(Prot prot, boolean shared, @Nullable String file, long filePage, boolean populate,
            boolean locked, boolean noreserve) {}

    record Write(Source src, int proc, PageRef page, int value) implements OfProcess {}

    record Read(Source src, int proc, PageRef page) implements OfProcess {}

    /** Without {@code value} each page gets its index & 255. */
    record TouchRange(Source src, int proc, PageRange range, OptionalInt value) implements OfProcess {}

    record ReadRange(Source src, int proc, PageRange range) implements OfProcess {}

    record Mprotect(Source src, int proc, PageRange range, Prot prot) implements OfProcess {}

    record Munmap(Source src, int proc, PageRange range) implements OfProcess {}

    /** MAYMOVE|FIXED; the lengths differ when {@code pages=} was given. */
    record Mremap(Source src, int proc, PageRange from, PageRange to, boolean dontunmap) implements OfProcess {}

    record MremapInPlace(Source src, int proc, PageRange range, long newPages) implements OfProcess {}

    record Madvise(Source src, int proc, PageRange range, Advice advice) implements OfProcess {}

    /** process_madvise by {@code proc} on {@code target}. */
    record Pmadvise(Source src, int proc, int target, PageRange range, Advice advice) implements OfProcess {}

    record Mlock(Source src, int proc, PageRange range, boolean onfault) implements OfProcess {}

    record Munlock(Source src, int proc, PageRange range) implements OfProcess {}

    record Mincore(Source src, int proc, PageRange range) implements OfProcess {}

    /** FOLL_WRITE|FOLL_LONGTERM. */
    record Pin(Source src, int proc, PageRange range) implements OfProcess {}

    record Unpin(Source src, int proc, PageRange range) implements OfProcess {}

    /** FOLL_GET, kept by pipe 0..7. */
    record Vmsplice(Source src, int proc, PageRef page, int pipe) implements OfProcess {}

    record ReadPipe(Source src, int proc, int pipe) implements OfProcess {}

    /** O_DIRECT read into the page of bytes 112+{@code filePage}. */
    record OdRead(Source src, int proc, PageRef page, long filePage) implements OfProcess {}

    /** O_DIRECT write from the page. */
    record OdWrite(Source src, int proc, PageRef page, long filePage) implements OfProcess {}

    /** Through /proc/PID/mem: FOLL_FORCE, FOLL_GET. */
    record MemWrite(Source src, int proc, int target, PageRef page, int value) implements OfProcess {}

    /** Through /proc/PID/mem. */
    record MemRead(Source src, int proc, int target, PageRef page) implements OfProcess {}

    /** process_vm_readv: FOLL_PIN. */
    record PvmRead(Source src, int proc, int target, PageRef page) implements OfProcess {}

    /** process_vm_writev: FOLL_PIN. */
    record PvmWrite(Source src, int proc, int target, PageRef page, int value) implements OfProcess {}

    record Uffd(Source src, int proc, PageRange range, boolean wp, boolean missing, boolean unpopulated)
            implements
                OfProcess {}

    record UffdWp(Source src, int proc, PageRange range) implements OfProcess {}

    record UffdUnwp(Source src, int proc, PageRange range) implements OfProcess {}

    record UffdCopy(Source src, int proc, PageRef page, int value) implements OfProcess {}

    record UffdZero(Source src, int proc, PageRange range) implements OfProcess {}

    /** Both ranges have the same length. */
    record UffdMove(Source src, int proc, PageRange from, PageRange to) implements OfProcess {}

    /** {@code cpu} -1 is any. */
    record Cpu(Source src, int proc, int cpu) implements OfProcess {}
}
