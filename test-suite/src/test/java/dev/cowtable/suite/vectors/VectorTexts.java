package dev.cowtable.suite.vectors;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Vectors from a text within a test. */
final class VectorTexts {
    private VectorTexts() {
    }

    /** All vectors of a file named {@code v.txt} that holds the lines. */
    static List<RecordedVector> read(String... lines) {
        return read(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    static List<RecordedVector> read(byte[] file) {
        List<RecordedVector> found = new ArrayList<>();
        try (VectorReader reader = new VectorReader("v.txt", new ByteArrayInputStream(file))) {
            for (RecordedVector vector = reader.next(); vector != null; vector = reader.next()) {
                found.add(vector);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }
}
