package dev.cowtable.suite.locks;

import dev.cowtable.suite.compare.JsonText;

/** A comparison of locks for machines: one JSON object. */
public final class LockJson {
    /** Grows when a key changes its meaning or goes. */
    public static final int VERSION = 1;

    private LockJson() {
    }

    public static String of(LockComparison result) {
        LockOptions options = result.options();
        JsonText json = new JsonText().beginObject().field("version", VERSION);
        json.name("scene").beginObject().field("processes", options.processes()).field("threads", options.threads())
                .field("tables", options.tables()).field("mix", options.reclaim() ? "reclaim" : "faults")
                .field("firstSeed", options.firstSeed()).field("runs", options.seeds()).endObject();
        json.name("designs").beginArray();
        for (int i = 0; i < result.designs().size(); i++) {
            design(json, result.designs().get(i).toString(), result.totals().get(i));
        }
        return json.endArray().field("passed", result.passed()).endObject().toString();
    }

    private static void design(JsonText json, String name, LockTotals totals) {
        json.beginObject().field("design", name).field("supported", totals.refusal() == null);
        if (totals.refusal() != null) {
            json.field("refusal", totals.refusal()).endObject();
            return;
        }
        json.name("violations").beginArray();
        totals.violations().forEach(json::string);
        json.endArray().name("figures").beginObject();
        LockRow.values().forEach(row -> json.field(row.key(), row.of(totals)));
        json.endObject().endObject();
    }
}
