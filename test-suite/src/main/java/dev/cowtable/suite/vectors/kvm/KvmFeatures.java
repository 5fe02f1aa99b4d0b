package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.VectorScope;
import java.util.ArrayList;
import java.util.List;

/** Which of the wanted features the host lets a guest have. */
final class KvmFeatures {
    private KvmFeatures() {
    }

    /** Where the CPU walks the guest's tables itself, its own model holds; else the wanted one as far as offered. */
    static VectorScope offered(CpuModel wanted, GuestCpuid offer, KvmHost host, boolean smallerWidth) {
        boolean fixed = host.hardware();
        CpuModel model = new CpuModel(fixed ? offer.vendor() : wanted.vendor(),
                fixed || !smallerWidth ? offer.maxPhyAddr() : wanted.maxPhyAddr(),
                offer.hasGigabytePages() && (fixed || wanted.gigabytePages()), false, false);
        return new VectorScope(model, offer.hasSmep(), offer.hasSmap(), offer.hasPku(), false, false);
    }

    /** Such as {@code SMEP, SMAP}; what this oracle never asks is among it. */
    static String missing(VectorScope scope) {
        List<String> names = new ArrayList<>();
        addUnless(scope.smep(), "SMEP", names);
        addUnless(scope.smap(), "SMAP", names);
        addUnless(scope.pke(), "PKU", names);
        addUnless(scope.model().gigabytePages(), "1 GiB pages", names);
        names.add("PKS");
        names.add("5-level paging");
        return String.join(", ", names);
    }

    private static void addUnless(boolean present, String name, List<String> names) {
        if (!present) {
            names.add(name);
        }
    }
}
