package dev.cowtable.suite.litmus;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the operations that define areas: mmap, mremap, and the target of uffdmove. */
final class MappingOps {
    private static final Set<String> MMAP_KEYS = Set.of("pages", "prot", "flags", "file", "off", "at", "align");
    private static final Set<String> MMAP_FLAGS = Set.of("populate", "locked", "noreserve");

    private final LineCursor cursor;
    private final Names names;
    private final Operands operands;

    MappingOps(LineCursor cursor, Names names, Operands operands) {
        this.cursor = cursor;
        this.names = names;
        this.operands = operands;
    }

    Op mmap(Op.Source src, int proc) {
        String name = cursor.name("area name");
        Options options = new Options(cursor, MMAP_KEYS, MMAP_FLAGS);
        long pages = options.pages();
        Op.MapOptions how = mapOptions(options);
        if (how.file() != null) {
            names.mapFile(how.file(), how.filePage() + pages);
        }
        Area area = names.define(cursor, src.number(), name, pages, options.at(), options.align());
        return new Op.Mmap(src, proc, new PageRange(area, 0, pages), how);
    }

    private Op.MapOptions mapOptions(Options options) {
        String flags = options.get("flags", "private");
        if (!flags.equals("private") && !flags.equals("shared")) {
            throw cursor.error("unknown flags '" + flags + "'");
        }
        @Nullable String file = options.get("file");
        if (file != null) {
            cursor.fileName(file);
        } else if (options.has("off")) {
            throw cursor.error("off= needs file=");
        }
        Prot prot = operands.constant(Prot.class, options.get("prot", "rw"), "protection");
        return new Op.MapOptions(prot, flags.equals("shared"), file, options.number("off", 0),
                options.has("populate"), options.has("locked"), options.has("noreserve"));
    }

    Op mremap(Op.Source src, int proc) {
        PageRange from = operands.range();
        if (cursor.accept("->")) {
            return mremapTo(src, proc, from);
        }
        long pages = new Options(cursor, Set.of("pages"), Set.of()).pages();
        Area area = from.area();
        names.define(cursor, src.number(), area.name(), from.first() + pages, -1, AreaLayout.PAGE_BYTES);
        return new Op.MremapInPlace(src, proc, from, pages);
    }

    private Op mremapTo(Op.Source src, int proc, PageRange from) {
        String target = cursor.word("target area");
        Options options = new Options(cursor, Set.of("at", "pages"), Set.of("dontunmap"));
        long pages = options.has("pages") ? options.pages() : from.pages();
        long atVaddr = options.at();
        PageRange to = target.contains("+")
                ? insideTarget(target, pages, atVaddr)
                : new PageRange(defineTarget(src, target, pages, atVaddr), 0, pages);
        return new Op.Mremap(src, proc, from, to, options.has("dontunmap"));
    }

    private Area defineTarget(Op.Source src, String target, long pages, long atVaddr) {
        if (!target.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            throw cursor.error("malformed area name '" + target + "'");
        }
        return names.define(cursor, src.number(), target, pages, atVaddr, AreaLayout.PAGE_BYTES);
    }

    private PageRange insideTarget(String target, long pages, long atVaddr) {
        if (atVaddr >= 0) {
            throw cursor.error("at= needs a new target area");
        }
        return targetRange(target, pages);
    }

    /** The {@code pages} pages of an existing area from {@code B+k} on, or from the start of {@code B}. */
    PageRange targetRange(String target, long pages) {
        int plus = target.indexOf('+');
        Area area = names.area(cursor, plus < 0 ? target : target.substring(0, plus));
        long first = plus < 0 ? 0 : cursor.parseNumber(target.substring(plus + 1));
        return operands.inside(new PageRange(area, first, first + pages));
    }
}
