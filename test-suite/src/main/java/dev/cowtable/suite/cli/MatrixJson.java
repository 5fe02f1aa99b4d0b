package dev.cowtable.suite.cli;

import dev.cowtable.suite.compare.JsonText;
import dev.cowtable.suite.kit.DesignMatrix;
import dev.cowtable.suite.kit.PairMatrix;
import dev.cowtable.suite.kit.ScenarioTrial;

/** The tables of {@code cowtable matrix} for a machine. */
final class MatrixJson {
    private static final int VERSION = 1;

    private MatrixJson() {
    }

    static String of(DesignMatrix matrix) {
        JsonText json = new JsonText().beginObject().field("version", VERSION).name("designs").beginArray();
        for (int i = 0; i < matrix.designs().size(); i++) {
            json.beginObject().field("design", matrix.designs().get(i).toString())
                    .field("claims", MatrixText.claim(matrix.designs().get(i)))
                    .field("keepsClaim", matrix.keepsClaim(i)).endObject();
        }
        json.endArray().name("scenarios").beginArray();
        for (DesignMatrix.Row row : matrix.rows()) {
            json.beginObject().field("scenario", MatrixText.name(row)).name("verdicts").beginArray();
            row.trials().forEach(trial -> trial(json, trial));
            json.endArray().endObject();
        }
        return json.endArray().endObject().toString();
    }

    private static void trial(JsonText json, ScenarioTrial trial) {
        json.beginObject().field("verdict", MatrixText.word(trial.outcome().verdict()));
        if (trial.line() != 0) {
            json.field("line", trial.line()).field("text", trial.outcome().text().strip());
        }
        json.endObject();
    }

    static String of(PairMatrix matrix) {
        JsonText json = new JsonText().beginObject().field("version", VERSION).name("pairs").beginArray();
        for (PairMatrix.Pair pair : matrix.pairs()) {
            json.beginObject().field("fork", pair.design().fork().name()).field("gup", pair.design().gup().name())
                    .field("sound", pair.isSound());
            if (pair.firstCheck() != null) {
                json.field("shownBy", pair.firstCheck()).field("text", pair.text().strip());
            }
            json.endObject();
        }
        return json.endArray().endObject().toString();
    }
}
