package dev.cowtable.suite.vectors;

import java.io.IOException;
import java.util.List;

/** A paging unit that is not this emulator's and can be asked for the outcome of accesses. */
public interface VectorOracle extends AutoCloseable {
    /** One line on what answers: the product, whether it is hardware, and which features it lacks. */
    String describe();

    /** What the oracle can be asked; the generator keeps within it. */
    VectorScope scope();

    /**
     * Performs the accesses, one after the other, each from a cold TLB.
     *
     * @param shapes their entries' address bits (and of large leaves the bits above the reserved ones) are the oracle's
     *        to choose
     * @return one recorded vector for each shape, in order: the shape with the entries as they stood before the access,
     *         and the outcome
     */
    List<RecordedVector> perform(List<VectorInput> shapes) throws IOException;

    @Override
    void close() throws IOException;
}
