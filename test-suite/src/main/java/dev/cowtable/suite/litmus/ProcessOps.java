package dev.cowtable.suite.litmus;

import java.util.OptionalInt;
import java.util.Set;

/** Reads the operations of a process: {@code Pn op ...}. */
final class ProcessOps {
    private static final int MAX_CPU = 255;

    private final LineCursor cursor;
    private final Names names;
    private final Operands operands;
    private final MappingOps mappings;

    ProcessOps(LineCursor cursor, Names names, Operands operands) {
        this.cursor = cursor;
        this.names = names;
        this.operands = operands;
        mappings = new MappingOps(cursor, names, operands);
    }

    Op read(Op.Source src) {
        int proc = names.process(cursor);
        String op = cursor.word("op");
        return switch (op) {
            case "fork" -> new Op.Fork(src, proc, names.newProcess(cursor));
            case "exit" -> new Op.Exit(src, proc);
            case "kill" -> new Op.Kill(src, proc);
            case "crash" -> new Op.Crash(src, proc);
            case "cpu" -> new Op.Cpu(src, proc, cpu());
            case "mmap" -> mappings.mmap(src, proc);
            case "mremap" -> mappings.mremap(src, proc);
            case "write" -> new Op.Write(src, proc, operands.page(), cursor.byteValue());
            case "read" -> new Op.Read(src, proc, operands.page());
            case "touchrange" -> touchRange(src, proc);
            case "readrange" -> new Op.ReadRange(src, proc, operands.range());
            default -> advice(src, proc, op);
        };
    }

    private Op advice(Op.Source src, int proc, String op) {
        return switch (op) {
            case "mprotect" -> new Op.Mprotect(src, proc, operands.range(), operands.prot());
            case "munmap" -> new Op.Munmap(src, proc, operands.range());
            case "madvise" -> new Op.Madvise(src, proc, operands.range(), operands.advice());
            case "pmadvise" ->
                    new Op.Pmadvise(src, proc, names.process(cursor), operands.range(), operands.advice());
            case "mlock" -> new Op.Mlock(src, proc, operands.range(), cursor.accept("onfault"));
            case "munlock" -> new Op.Munlock(src, proc, operands.range());
            case "mincore" -> new Op.Mincore(src, proc, operands.range());
            default -> reference(src, proc, op);
        };
    }

    private Op reference(Op.Source src, int proc, String op) {
        return switch (op) {
            case "pin" -> new Op.Pin(src, proc, operands.range());
            case "unpin" -> new Op.Unpin(src, proc, operands.range());
            case "vmsplice" -> vmsplice(src, proc);
            case "readpipe" -> new Op.ReadPipe(src, proc, operands.pipe());
            case "odread" -> new Op.OdRead(src, proc, operands.page(), operands.optionalNumber(0));
            case "odwrite" -> new Op.OdWrite(src, proc, operands.page(), operands.optionalNumber(0));
            case "memread" -> new Op.MemRead(src, proc, names.process(cursor), operands.page());
            case "memwrite" ->
                    new Op.MemWrite(src, proc, names.process(cursor), operands.page(), cursor.byteValue());
            case "pvmread" -> new Op.PvmRead(src, proc, names.process(cursor), operands.page());
            case "pvmwrite" ->
                    new Op.PvmWrite(src, proc, names.process(cursor), operands.page(), cursor.byteValue());
            default -> userfaultfd(src, proc, op);
        };
    }

    private Op userfaultfd(Op.Source src, int proc, String op) {
        return switch (op) {
            case "uffd" -> uffd(src, proc);
            case "uffdwp" -> new Op.UffdWp(src, proc, operands.range());
            case "uffdunwp" -> new Op.UffdUnwp(src, proc, operands.range());
            case "uffdcopy" -> new Op.UffdCopy(src, proc, operands.page(), cursor.byteValue());
            case "uffdzero" -> new Op.UffdZero(src, proc, operands.range());
            case "uffdmove" -> uffdMove(src, proc);
            default -> throw cursor.error("unknown op '" + op + "'");
        };
    }

    private Op touchRange(Op.Source src, int proc) {
        Area area = operands.area();
        PageRange range = cursor.remaining() >= 2 ? operands.range(area) : area.whole();
        OptionalInt value = cursor.hasNext() ? OptionalInt.of(cursor.byteValue()) : OptionalInt.empty();
        return new Op.TouchRange(src, proc, range, value);
    }

    private Op vmsplice(Op.Source src, int proc) {
        PageRef page = operands.spacedPage();
        cursor.expect("->");
        return new Op.Vmsplice(src, proc, page, operands.pipe());
    }

    private Op uffd(Op.Source src, int proc) {
        PageRange range = operands.range();
        Options modes = new Options(cursor, Set.of(), Set.of("wp", "missing", "unpopulated"));
        return new Op.Uffd(src, proc, range, modes.has("wp"), modes.has("missing"), modes.has("unpopulated"));
    }

    private Op uffdMove(Op.Source src, int proc) {
        PageRange from = operands.range();
        cursor.expect("->");
        return new Op.UffdMove(src, proc, from, mappings.targetRange(cursor.word("target page"), from.pages()));
    }

    private int cpu() {
        if (cursor.accept("-1")) {
            return -1;
        }
        return (int) cursor.bounded(cursor.number("CPU number"), MAX_CPU, "CPU");
    }
}
