package dev.cowtable.suite.oracle;

import dev.cowtable.suite.litmus.FileSpec;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;

/** The litmus file that a scenario could have been read from: every file declared, an operation a line. */
public final class ScenarioText {
    private ScenarioText() {}

    /** The file's text; it parses to an equal scenario but for line numbers. */
    public static String of(Scenario scenario) {
        StringBuilder text = new StringBuilder("# ").append(scenario.description()).append('\n');
        for (FileSpec file : scenario.files()) {
            text.append("file ").append(file.name()).append(" pages=").append(file.pages())
                    .append(file.tmp() ? " tmp\n" : "\n");
        }
        for (Op op : scenario.ops()) {
            text.append(op.src().text()).append('\n');
        }
        return text.toString();
    }
}
