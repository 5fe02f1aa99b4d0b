package dev.cowtable.suite.vectors.qemu;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import java.io.IOException;
import java.util.List;

/** Opens the oracle, or skips the test. */
final class OpenQemu {
    private OpenQemu() {
    }

    static VectorOracle with(int maxPhyAddr, boolean la57) throws IOException {
        try {
            return QemuOracle.open(new CpuModel(Vendor.INTEL, maxPhyAddr, true, la57, false));
        } catch (OracleUnavailableException e) {
            return abort(e.getMessage());
        }
    }

    static RecordedVector one(VectorOracle oracle, VectorInput shape) throws IOException {
        return oracle.perform(List.of(shape)).getFirst();
    }
}
