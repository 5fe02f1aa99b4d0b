package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.VectorOracle;
import java.io.IOException;
import org.junit.jupiter.api.Assumptions;

/** Opens the oracle, or skips the test with the one line why not. */
final class OpenKvm {
    private OpenKvm() {
    }

    static VectorOracle orSkip(CpuModel wanted) throws IOException {
        try {
            return KvmOracle.open(wanted);
        } catch (OracleUnavailableException e) {
            return Assumptions.abort(e.getMessage());
        }
    }
}
