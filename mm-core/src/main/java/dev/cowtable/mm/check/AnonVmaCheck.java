package dev.cowtable.mm.check;

import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Looks at who uses an anon_vma for new pages: VMAs of one process only, and as many as it counts.
 *
 * <p>Why: an anon_vma taken over while somebody uses it makes VMAs look mergeable whose pages are found by different chains.
 */
final class AnonVmaCheck {
    private final Violations violations;
    private final Map<AnonVma, MmStruct> users = new IdentityHashMap<>();
    private final Map<AnonVma, Integer> counts = new IdentityHashMap<>();

    AnonVmaCheck(Violations violations) {
        this.violations = violations;
    }

    void scan(MmStruct mm) {
        for (VmAreaStruct vma : mm.vmas()) {
            AnonVma anonVma = vma.anonVma();
            if (anonVma != null) {
                MmStruct other = users.putIfAbsent(anonVma, mm);
                violations.require(other == null || other == mm, "RM " + other + " and " + mm + " use one anon_vma");
                counts.merge(anonVma, 1, Integer::sum);
            }
        }
    }

    void finish() {
        counts.forEach((anonVma, count) -> violations.require(anonVma.numActiveVmas() == count,
                "RM an anon_vma counts " + anonVma.numActiveVmas() + " VMAs and " + count + " use it"));
    }
}
