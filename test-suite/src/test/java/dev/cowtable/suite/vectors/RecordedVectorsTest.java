package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What other MMUs did, as it ships with the laboratory. */
final class RecordedVectorsTest {
    private static final long LEAST_VECTORS = 200_000;
    private static final int SHOWN = 10;

    @Test
    void theEmulatorAgreesWithEveryRecordedVector() throws IOException, URISyntaxException {
        VectorChecker checker = new VectorChecker();
        List<String> differences = new ArrayList<>();
        long nrVectors = 0;
        for (Path file : files()) {
            try (VectorReader reader = VectorReader.open(file)) {
                for (RecordedVector vector = reader.next(); vector != null; vector = reader.next()) {
                    nrVectors++;
                    VectorChecker.Difference difference = checker.check(vector, reader.model());
                    if (difference != null && differences.size() < SHOWN) {
                        differences.add(file.getFileName() + ":" + reader.line() + " " + difference);
                    }
                }
            }
        }
        assertThat(differences).isEmpty();
        assertThat(nrVectors).isGreaterThanOrEqualTo(LEAST_VECTORS);
    }

    /** Why: by a class, since the folder of the tests has the same package. */
    private static List<Path> files() throws IOException, URISyntaxException {
        Path classes = Path.of(Objects.requireNonNull(VectorChecker.class.getResource("VectorChecker.class")).toURI());
        try (Stream<Path> files = Files.list(Objects.requireNonNull(classes.getParent()))) {
            return files.filter(file -> file.toString().endsWith(".txt.gz")).sorted().toList();
        }
    }
}
