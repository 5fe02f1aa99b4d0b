package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.VectorKey.Part;
import org.jspecify.annotations.Nullable;

/** Turns lines into vectors; a {@code cpu} line holds for all that follow. */
final class VectorParser {
    private static final VectorAccess[] ACCESSES = VectorAccess.values();

    private final VectorFields fields;
    private final VectorMemory memory = new VectorMemory();
    private @Nullable CpuModel model;

    VectorParser(String file) {
        fields = new VectorFields(file);
    }

    /** The CPU of the vectors that follow, null before the first {@code cpu} line. */
    @Nullable
    CpuModel model() {
        return model;
    }

    /**
     * The vector of a line, null if the line holds none.
     *
     * @throws VectorSyntaxException with the first error from the left
     */
    @Nullable
    RecordedVector parse(int lineNumber, String line) {
        fields.start(lineNumber, line);
        String first = fields.word();
        if (first.isEmpty() || first.charAt(0) == '#') {
            return null;
        }
        if (first.equals("cpu")) {
            model = cpu();
            return null;
        }
        CpuModel cpu = model;
        if (cpu == null) {
            throw fields.error("a vector before the first cpu line");
        }
        long number = fields.decimal("vector number", first);
        VectorInput input = input(number, cpu);
        return new RecordedVector(input, result(cpu));
    }

    private CpuModel cpu() {
        acceptAll("a cpu line", Part.CPU, Part.CPU);
        if (!fields.has(VectorKey.VENDOR) || !fields.has(VectorKey.MAXPHYADDR)) {
            throw fields.error("a cpu line needs vendor= and maxphyaddr=");
        }
        Vendor vendor = fields.flag(VectorKey.VENDOR) ? Vendor.INTEL : Vendor.AMD;
        long width = fields.get(VectorKey.MAXPHYADDR);
        try {
            return new CpuModel(vendor, (int) Math.min(width, Integer.MAX_VALUE), fields.flag(VectorKey.GB1),
                    fields.flag(VectorKey.LA57), false);
        } catch (IllegalArgumentException e) {
            throw fields.error(String.valueOf(e.getMessage()));
        }
    }

    private VectorInput input(long number, CpuModel cpu) {
        String word = fields.word();
        while (!word.equals("=>")) {
            if (word.isEmpty()) {
                throw fields.error("missing '=>' and result");
            }
            accept(word, "the input", Part.INPUT, Part.LEVEL);
            word = fields.word();
        }
        VectorInput input = new VectorInput(number, cpl(), fields.flag(VectorKey.WP), fields.flag(VectorKey.NXE),
                fields.flag(VectorKey.SMEP), fields.flag(VectorKey.SMAP), fields.flag(VectorKey.AC),
                fields.flag(VectorKey.PKE), (int) fields.get(VectorKey.PKRU), fields.flag(VectorKey.PKS),
                (int) fields.get(VectorKey.PKRS), access(), size(), fields.get(VectorKey.VA), entries(cpu));
        int level = memory.place(input, cpu);
        if (level != 0) {
            throw fields.error("l" + level + " falls on the slot of another entry with different contents");
        }
        return input;
    }

    private int cpl() {
        long cpl = fields.get(VectorKey.CPL);
        if (cpl != 0 && cpl != 3) {
            throw fields.error("cpl " + cpl + " is neither 0 nor 3");
        }
        return (int) cpl;
    }

    private VectorAccess access() {
        if (!fields.has(VectorKey.ACCESS)) {
            throw fields.error("missing access=");
        }
        return ACCESSES[(int) fields.get(VectorKey.ACCESS)];
    }

    private int size() {
        long size = fields.has(VectorKey.SIZE) ? fields.get(VectorKey.SIZE) : 1;
        if (size != 1 && size != 2 && size != 4 && size != 8) {
            throw fields.error("size " + size + " is not 1, 2, 4 or 8");
        }
        if ((fields.get(VectorKey.VA) & 0xfff) + size > 0x1000) {
            throw fields.error("the access crosses the end of its page");
        }
        return (int) size;
    }

    private VectorResult result(CpuModel cpu) {
        fields.forget();
        String word = fields.word();
        return switch (word) {
            case "ok" -> success(cpu);
            case "pf" -> pageFault(cpu);
            case "gp" -> generalProtection(cpu);
            case "" -> throw fields.error("missing result");
            default -> throw fields.error("unknown result '" + word + "'");
        };
    }

    private VectorResult success(CpuModel cpu) {
        acceptAll("an ok", Part.OK, Part.LEVEL);
        if (!fields.has(VectorKey.PA)) {
            throw fields.error("ok needs pa=");
        }
        return new VectorResult(VectorResult.Kind.OK, fields.get(VectorKey.PA), 0, lowestLevel(cpu), entries(cpu));
    }

    private VectorResult pageFault(CpuModel cpu) {
        acceptAll("a pf", Part.PF, Part.LEVEL);
        if (!fields.has(VectorKey.EC) || !fields.has(VectorKey.CR2)) {
            throw fields.error("pf needs ec= and cr2=");
        }
        return new VectorResult(VectorResult.Kind.PF, fields.get(VectorKey.CR2), (int) fields.get(VectorKey.EC),
                lowestLevel(cpu), entries(cpu));
    }

    private VectorResult generalProtection(CpuModel cpu) {
        String word = fields.word();
        if (!word.isEmpty()) {
            throw fields.error("unexpected '" + word + "' after gp");
        }
        return VectorResult.generalProtection(VectorInput.topLevel(cpu));
    }

    /** Why: the walk starts at the top and leaves no level out, and so must its record. */
    private int lowestLevel(CpuModel cpu) {
        int top = VectorInput.topLevel(cpu);
        int level = top;
        while (level > 0 && fields.has(VectorKey.level(level))) {
            level--;
        }
        for (int below = level; below > 0; below--) {
            if (fields.has(VectorKey.level(below))) {
                throw fields.error("the result has l" + below + " but not l" + level);
            }
        }
        if (level == top) {
            throw fields.error("the result has no l" + level);
        }
        return level + 1;
    }

    private long[] entries(CpuModel cpu) {
        if (!cpu.la57() && fields.has(VectorKey.L5)) {
            throw fields.error("l5 needs la57=1");
        }
        long[] entries = new long[VectorInput.LEVELS + 1];
        for (int level = 1; level <= VectorInput.LEVELS; level++) {
            entries[level] = fields.get(VectorKey.level(level));
        }
        return entries;
    }

    private void acceptAll(String where, Part one, Part other) {
        for (String word = fields.word(); !word.isEmpty(); word = fields.word()) {
            accept(word, where, one, other);
        }
    }

    private void accept(String word, String where, Part one, Part other) {
        int equals = word.indexOf('=');
        VectorKey key = VectorKey.of(equals < 0 ? word : word.substring(0, equals));
        if (key != null && key.part() != one && key.part() != other) {
            throw fields.error("key '" + key.text() + "' does not belong into " + where);
        }
        fields.accept(word);
    }
}
