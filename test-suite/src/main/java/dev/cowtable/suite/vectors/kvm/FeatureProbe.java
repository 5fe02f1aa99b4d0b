package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorResult;
import dev.cowtable.suite.vectors.VectorScope;
import java.io.IOException;

/** Keeps of the offered features those that are seen to deny an access which is allowed without them. */
final class FeatureProbe {
    /** P, R/W, U/S, A, D. */
    private static final long ENTRY = 0x67;
    private static final long VADDR = 0x1234_5678_9000L;
    /** Access disabled for key 0. */
    private static final int PKRU_AD = 1;

    private enum Feature {
        NONE, SMEP, SMAP, PKE
    }

    private FeatureProbe() {
    }

    static VectorScope confirmed(VectorScope offered, AccessRunner runner) throws IOException {
        return new VectorScope(offered.model(),
                offered.smep() && denies(runner, Feature.SMEP, 0, VectorAccess.X),
                offered.smap() && denies(runner, Feature.SMAP, 0, VectorAccess.R),
                offered.pke() && denies(runner, Feature.PKE, 3, VectorAccess.R), false, false);
    }

    private static boolean denies(AccessRunner runner, Feature feature, int cpl, VectorAccess access)
            throws IOException {
        return kind(runner, Feature.NONE, cpl, access) == VectorResult.Kind.OK
                && kind(runner, feature, cpl, access) == VectorResult.Kind.PF;
    }

    private static VectorResult.Kind kind(AccessRunner runner, Feature feature, int cpl, VectorAccess access)
            throws IOException {
        long[] entries = {0, ENTRY, ENTRY, ENTRY, ENTRY, 0};
        VectorInput shape = new VectorInput(0, cpl, true, true, feature == Feature.SMEP, feature == Feature.SMAP, false,
                feature == Feature.PKE, PKRU_AD, false, 0, access, 1, VADDR, entries);
        return runner.perform(shape).result().kind();
    }
}
