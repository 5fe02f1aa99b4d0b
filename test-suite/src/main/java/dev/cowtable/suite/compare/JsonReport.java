package dev.cowtable.suite.compare;

import java.util.List;
import java.util.Map;

/** A comparison for machines: one JSON object. */
public final class JsonReport {
    /** Grows when a key changes its meaning or goes. */
    public static final int VERSION = 1;

    private JsonReport() {
    }

    public static String of(CompareResult result) {
        JsonText json = new JsonText();
        json.beginObject();
        json.field("version", VERSION);
        json.name("process").beginObject();
        json.field("comm", result.snapshot().comm());
        json.field("kernelRelease", result.snapshot().kernelRelease());
        json.field("nrVmas", result.snapshot().vmas().size());
        json.field("rebuildHostNs", result.rebuildNanos());
        json.endObject();
        sizes(json.name("recorded"), result.recorded());
        sizes(json.name("emulated"), result.emulated());
        json.name("vmPteDifferenceCauses");
        strings(json, result.vmPteCauses());
        json.name("leftOut").beginObject();
        for (Map.Entry<LeftOut, Long> entry : result.leftOut().entrySet()) {
            json.field(entry.getKey().key(), entry.getValue());
        }
        json.endObject();
        json.name("folios").beginObject();
        json.field("sizeKib", result.folios().kib());
        json.field("pagesInLarge", result.folios().pages());
        json.endObject();
        workload(json, result);
        json.name("designs").beginArray();
        result.designs().forEach(design -> design(json, design));
        json.endArray();
        json.field("passed", result.passed());
        json.endObject();
        return json.toString();
    }

    private static void sizes(JsonText json, RebuiltProcess.Sizes sizes) {
        json.beginObject();
        json.field("vmPteKib", sizes.vmPteKb());
        json.field("rssAnonKib", sizes.rssAnonKb());
        json.field("rssFileKib", sizes.rssFileKb());
        json.field("rssShmemKib", sizes.rssShmemKb());
        json.field("vmSwapKib", sizes.vmSwapKb());
        json.endObject();
    }

    private static void workload(JsonText json, CompareResult result) {
        json.name("workload").beginObject();
        json.field("name", result.workload());
        json.field("seed", result.seed());
        if (!Double.isNaN(result.writeFraction())) {
            json.name("writeFraction").raw(Double.toString(result.writeFraction()));
        }
        json.endObject();
    }

    private static void design(JsonText json, DesignResult design) {
        json.beginObject();
        json.field("design", design.design());
        json.field("passed", design.passed());
        if (design.refusal() != null) {
            json.field("refusal", design.refusal());
        }
        json.name("violations");
        strings(json, design.violations());
        json.name("figures").beginObject();
        for (Figure figure : Figure.values()) {
            Long value = design.figures().get(figure);
            if (value != null) {
                json.field(figure.key(), value);
            }
        }
        json.endObject();
        json.endObject();
    }

    private static void strings(JsonText json, List<String> values) {
        json.beginArray();
        values.forEach(json::string);
        json.endArray();
    }
}
