package dev.cowtable.suite.oracle;

import dev.cowtable.suite.litmus.Scenario;
import java.io.IOException;
import java.util.List;

/** A kernel that runs scenarios, one after the other, each from its beginning. */
public interface LitmusKernel extends AutoCloseable {
    /** In what this kernel is set up other than the emulated one, so that scenarios may show it; each in a few words. */
    List<String> differences();

    /** Runs a scenario to its end. */
    KernelRun run(Scenario scenario) throws IOException;

    @Override
    void close() throws IOException;
}
