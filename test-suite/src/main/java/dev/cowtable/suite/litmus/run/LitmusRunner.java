package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.litmus.Advice;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.SwapKind;
import dev.cowtable.suite.litmus.Transcript;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Runs one scenario on a machine of its own.
 *
 * <p>An operation that the emulator or the design refuses is answered UNSUPPORTED and is the last one. After the last operation, and
 * again after all processes have ended and the pipes are empty, the invariants are checked; no frame or table may be missing then.
 */
public final class LitmusRunner {
    private static final int SIGSEGV = 11;

    private final Scenario scenario;
    private final RunOptions options;
    private final LitmusWorld world;
    private final Kernel kernel;
    private final KernelObserver observer;
    private final VmaObserver vmaObserver;
    private final UserMemoryOps userMemory;
    private final MappingCalls mappings;
    private final OutsideAccess outside;
    private final Transcript transcript = new Transcript();
    private final List<String> violations = new ArrayList<>();
    private boolean unsupported;

    LitmusRunner(Scenario scenario, Design design, RunOptions options) {
        this.scenario = scenario;
        this.options = options;
        this.world = new LitmusWorld(design, options.tlbPolicy());
        this.kernel = world.kernel();
        this.observer = new KernelObserver(world);
        this.vmaObserver = new VmaObserver(world);
        this.userMemory = new UserMemoryOps(kernel.userAccess());
        this.mappings = new MappingCalls(kernel.memoryMap());
        this.outside = new OutsideAccess(kernel);
    }

    LitmusWorld world() {
        return world;
    }

    StringBuilder printed() {
        return transcript.buffer();
    }

    /** Runs a scenario from boot to shut-down. */
    public static LitmusResult run(Scenario scenario, Design design, RunOptions options) {
        return new LitmusRunner(scenario, design, options).run();
    }

    private LitmusResult run() {
        try {
            runAll();
            if (violations.isEmpty()) {
                check();
            }
            world.shutDown().forEach(this::violated);
            check();
        } catch (RuntimeException e) {
            violated("died: " + e);
        }
        return new LitmusResult(transcript.toString(), unsupported, violations);
    }

    private void runAll() {
        for (Op op : scenario.ops()) {
            List<Area> areas = scenario.areasAt(op.src().number());
            try {
                run(op, areas);
            } catch (UnsupportedOperationException e) {
                transcript.unsupported(op, String.valueOf(e.getMessage()));
                unsupported = true;
            }
            if (options.checkEachOp()) {
                check();
            }
            if (unsupported || !violations.isEmpty()) {
                return;
            }
            observer.numberNewPages(areas);
        }
    }

    private void check() {
        new InvariantChecker(kernel).check(new HeldPages(world)).forEach(this::violated);
    }

    private void violated(String what) {
        violations.add(what);
        transcript.buffer().append("!! invariant ").append(what).append('\n');
    }

    /** Performs one operation and prints it. */
    void run(Op op, List<Area> areas) {
        switch (op) {
            case Op.Global global -> runGlobal(global, areas);
            case Op.OfProcess own -> {
                LitmusProcess process = world.process(own.proc());
                if (process == null) {
                    transcript.line(op, OpResult.DEAD_PROCESS);
                } else {
                    runOwn(own, process);
                }
            }
        }
    }

    private void runGlobal(Op.Global op, List<Area> areas) {
        switch (op) {
            case Op.Observe(_, PageRange range) -> observe(op, areas, range);
            case Op.Vmas _ -> vmas(op, areas, false);
            case Op.Smaps _ -> vmas(op, areas, true);
            case Op.Swap(_, SwapKind kind) -> {
                world.swapon(kind);
                transcript.line(op, OpResult.OK);
            }
            case Op.Drain _ -> {
                kernel.lru().lruAddDrainAll(kernel.machine().cpu(0));
                transcript.line(op, OpResult.OK);
            }
            case Op.Sleep _ -> transcript.line(op, OpResult.OK);
            case Op.Truncate _,Op.Punch _,Op.Fwrite _,Op.Fread _,Op.Ksm _ -> throw refused(op);
        }
    }

    private void observe(Op op, List<Area> areas, @Nullable PageRange range) {
        transcript.blockHead(op);
        observer.observe(transcript.observations(), areas, range);
    }

    private void vmas(Op op, List<Area> areas, boolean smaps) {
        transcript.blockHead(op);
        vmaObserver.print(transcript.buffer(), areas, smaps);
    }

    private void runOwn(Op.OfProcess op, LitmusProcess process) {
        Cpu cpu = process.cpu();
        kernel.tlbFlush().switchMm(cpu, process.mm());
        long minor = kernel.counters().of(cpu.id(), Counter.FAULT_MINOR);
        long major = kernel.counters().of(cpu.id(), Counter.FAULT_MAJOR);
        String result = result(op, process);
        transcript.line(op, result, kernel.counters().of(cpu.id(), Counter.FAULT_MINOR) - minor,
                kernel.counters().of(cpu.id(), Counter.FAULT_MAJOR) - major);
    }

    private String result(Op.OfProcess op, LitmusProcess process) {
        return switch (op) {
            case Op.Lifecycle life -> lifecycle(life, process);
            case Op.Mmap mmap -> mappings.mmap(process, mmap);
            case Op.Munmap munmap -> mappings.munmap(process, munmap);
            case Op.Mprotect mprotect -> mappings.mprotect(process, mprotect);
            case Op.Mremap mremap -> mappings.mremap(process, mremap);
            case Op.MremapInPlace mremap -> mappings.mremap(process, mremap);
            case Op.Madvise(_, _, PageRange range, Advice advice) -> mappings.madvise(process, range, advice);
            case Op.Pmadvise pmadvise -> pmadvise(process, pmadvise);
            case Op.Mlock mlock -> mappings.mlock(process, mlock);
            case Op.Munlock munlock -> mappings.munlock(process, munlock);
            case Op.Mincore mincore -> mappings.mincore(process, mincore);
            case Op.Write write -> userMemory.write(process, write);
            case Op.Read read -> userMemory.read(process, read);
            case Op.TouchRange touch -> userMemory.touch(process, touch);
            case Op.ReadRange read -> userMemory.readRange(process, read);
            case Op.Pin pin -> pin(process, pin.range());
            case Op.Unpin unpin -> unpin(process, unpin.range());
            case Op.OdRead(_, _, var page, long filePage) -> outside.odRead(process, page, filePage);
            case Op.OdWrite(_, _, var page, _) -> outside.odWrite(process, page);
            case Op.MemRead(_, _, int target, var page) -> outside.memRead(process, world.process(target), page);
            case Op.MemWrite(_, _, int target, var page, int value) ->
                    outside.memWrite(process, world.process(target), page, value);
            case Op.PvmRead(_, _, int target, var page) -> outside.pvmRead(process, world.process(target), page);
            case Op.PvmWrite(_, _, int target, var page, int value) ->
                    outside.pvmWrite(process, world.process(target), page, value);
            case Op.Vmsplice(_, _, var page, int pipe) -> count(world.pipes().vmsplice(process, page.vaddr(), pipe));
            case Op.ReadPipe(_, _, int pipe) -> value(world.pipes().read(process.cpu(), pipe));
            case Op.Cpu(_, _, int cpu) -> runOn(process, cpu);
            default -> throw refused(op);
        };
    }

    private String lifecycle(Op.Lifecycle op, LitmusProcess process) {
        if (op instanceof Op.Fork fork) {
            return world.fork(process, fork.child()) ? OpResult.OK : Errno.ENOMEM.name();
        }
        world.end(process);
        return op instanceof Op.Crash ? OpResult.died(process.number(), SIGSEGV) : OpResult.OK;
    }

    private String pmadvise(LitmusProcess process, Op.Pmadvise op) {
        LitmusProcess target = world.process(op.target());
        return target == null ? OpResult.DEAD_PROCESS : mappings.pmadvise(process, target, op.range(), op.advice());
    }

    private String pin(LitmusProcess process, PageRange range) {
        return MappingCalls
                .result(process.buffers().register(kernel.gupStrategy(), process.cpu(), process.mm(), range));
    }

    private String unpin(LitmusProcess process, PageRange range) {
        return MappingCalls.result(process.buffers().unregister(kernel.gupStrategy(), process.cpu(), range));
    }

    /** Mirrors: sched_setaffinity(); -1 allows any CPU, of which it takes the first. */
    private String runOn(LitmusProcess process, int cpu) {
        if (cpu >= kernel.machine().cpuCount()) {
            return Errno.EINVAL.name();
        }
        process.runOn(kernel.machine().cpu(Math.max(0, cpu)));
        return OpResult.OK;
    }

    private static String count(int result) {
        return result < 0 ? MappingCalls.result(result) : OpResult.count(result);
    }

    private static String value(int result) {
        return result < 0 ? MappingCalls.result(result) : OpResult.value(result);
    }

    private static UnsupportedOperationException refused(Op op) {
        return new UnsupportedOperationException(op.getClass().getSimpleName().toLowerCase(Locale.ROOT));
    }
}
