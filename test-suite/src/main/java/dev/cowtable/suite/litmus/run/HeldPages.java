package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.page.MemMap;
import java.util.HashMap;
import java.util.Map;

/** The references that fixed buffers and pipes hold at one moment. */
final class HeldPages implements HeldReferences {
    private final Map<Long, Integer> references = new HashMap<>();

    HeldPages(LitmusWorld world) {
        world.living().forEach(process -> process.buffers().forEachPage(pfn -> add(pfn, MemMap.PIN_BIAS)));
        world.pipes().forEachPage(pfn -> add(pfn, 1));
    }

    private void add(long pfn, int count) {
        references.merge(pfn, count, Integer::sum);
    }

    @Override
    public int on(long pfn) {
        return references.getOrDefault(pfn, 0);
    }
}
