package dev.cowtable.suite.litmus;

import java.util.Set;

/** Reads declarations and the operations done from outside the processes. */
final class GlobalOps {
    private static final int DEFAULT_KSM_SCANS = 12;

    private final LineCursor cursor;
    private final Names names;
    private final Operands operands;

    GlobalOps(LineCursor cursor, Names names, Operands operands) {
        this.cursor = cursor;
        this.names = names;
        this.operands = operands;
    }

    /** {@code file NAME pages=N [tmp]}. */
    void declareFile() {
        cursor.expect("file");
        String name = cursor.fileName(cursor.word("file name"));
        Options options = new Options(cursor, Set.of("pages"), Set.of("tmp"));
        names.declareFile(cursor, new FileSpec(name, options.pages(), options.has("tmp")));
    }

    Op read(Op.Source src) {
        String op = cursor.word("op");
        return switch (op) {
            case "swap" -> swap(src);
            case "truncate" -> new Op.Truncate(src, names.file(cursor), cursor.number("page count"));
            case "punch" -> punch(src);
            case "fwrite" ->
                    new Op.Fwrite(src, names.file(cursor), cursor.number("file page"), cursor.byteValue());
            case "fread" -> new Op.Fread(src, names.file(cursor), cursor.number("file page"));
            case "ksm" -> ksm(src);
            case "drain" -> new Op.Drain(src);
            case "sleep" -> new Op.Sleep(src, cursor.number("milliseconds"));
            case "observe" -> new Op.Observe(src, cursor.hasNext() ? operands.range() : null);
            case "vmas" -> new Op.Vmas(src);
            case "smaps" -> new Op.Smaps(src);
            default -> throw cursor.error("unknown op '" + op + "'");
        };
    }

    private Op swap(Op.Source src) {
        SwapKind kind = operands.constant(SwapKind.class, cursor.word("swap kind"), "swap kind");
        names.switchSwapOn(cursor);
        return new Op.Swap(src, kind);
    }

    private Op punch(Op.Source src) {
        String file = names.file(cursor);
        long first = cursor.number("first page");
        long end = cursor.number("end page");
        if (first >= end) {
            throw cursor.error("range " + file + " " + first + " " + end + " is empty");
        }
        return new Op.Punch(src, file, first, end);
    }

    private Op ksm(Op.Source src) {
        long scans = cursor.bounded(operands.optionalNumber(DEFAULT_KSM_SCANS), Integer.MAX_VALUE, "scan count");
        return new Op.Ksm(src, (int) scans);
    }
}
