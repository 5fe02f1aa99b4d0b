package dev.cowtable.suite.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.history.BadPmdPlaces.Exempt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The list of places is complete: every call in the sources of a door to a PTE table is one of them, or exempt with a reason. */
class DoorsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern DOOR =
            Pattern.compile("\\b(lockTable|lockTableNested|lockPrivate|isTable|desc|pteAlloc)\\(");
    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);

    /** One call of a door. */
    private record Door(String file, String source, int at) {
        @Override
        public String toString() {
            return file + ": " + source.substring(at, source.indexOf('\n', at));
        }

        /** True if a piece of source that occurs in the file holds it. */
        boolean isIn(String inFile, String piece) {
            if (!file.equals(inFile)) {
                return false;
            }
            Matcher matcher = MutatedLab.pattern(piece).matcher(source);
            return matcher.find() && matcher.start() <= at && at < matcher.end();
        }
    }

    private static List<Door> doors() throws IOException {
        List<Door> doors = new ArrayList<>();
        for (String module : List.of("mm-core", "mm-gup")) {
            Path sources = ROOT.resolve(module).resolve("src/main/java");
            try (Stream<Path> files = Files.walk(sources)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                    String name = module + "/" + sources.relativize(file);
                    String source = COMMENT.matcher(Files.readString(file)).replaceAll("");
                    DOOR.matcher(source).results().forEach(found -> doors.add(new Door(name, source, found.start())));
                }
            }
        }
        doors.removeIf(door -> door.file().endsWith("pgtable/PageTables.java"));
        return doors;
    }

    private static boolean isListed(Door door) {
        return BadPmdPlaces.all().stream().flatMap(place -> place.edits().stream())
                .anyMatch(edit -> door.isIn(edit.file(), edit.good()));
    }

    private static boolean isExempt(Door door) {
        return BadPmdPlaces.EXEMPT.stream().anyMatch(exempt -> door.isIn(exempt.file(), exempt.call()));
    }

    @Test
    void everyCallOfADoorIsAPlaceOrExempt() throws IOException {
        Predicate<Door> known = DoorsTest::isListed;
        assertThat(doors()).hasSizeGreaterThan(50).allMatch(known.or(DoorsTest::isExempt));
    }

    @Test
    void noExemptionIsOutOfDate() throws IOException {
        List<Door> doors = doors();
        for (Exempt exempt : BadPmdPlaces.EXEMPT) {
            assertThat(doors).as(exempt.toString()).anyMatch(
                    door -> door.isIn(exempt.file(), exempt.call()) && !isListed(door));
        }
    }

    @Test
    void callThatIsNotListedIsFound() {
        Door door = new Door("mm-core/dev/cowtable/mm/vma/Zap.java", "a = tables.lockTable(cpu, other);\n", 11);
        assertThat(isListed(door) || isExempt(door)).isFalse();
        assertThat(door.isIn(door.file(), "tables.lockTable(cpu,\n other)")).isTrue();
    }
}
