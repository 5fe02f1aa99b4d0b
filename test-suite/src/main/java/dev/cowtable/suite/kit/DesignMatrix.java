package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.kit.KitOutcome.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Scenarios beside designs: a verdict for each pair. */
public final class DesignMatrix {
    private final List<Design> designs;
    private final List<Row> rows = new ArrayList<>();

    /** One scenario under each design. */
    public record Row(ShippedScenario scenario, List<ScenarioTrial> trials) {
    }

    public DesignMatrix(List<Design> designs) {
        this.designs = List.copyOf(designs);
    }

    /** Each fork strategy that is there, with each combination of its options. */
    public static List<Design> allDesigns() {
        List<Design> all = new ArrayList<>();
        for (Design design : Design.all()) {
            List<String> names = List.of("");
            for (Map.Entry<String, List<String>> option : new TreeMap<>(design.fork().options()).entrySet()) {
                names = names.stream().flatMap(head -> option.getValue().stream()
                        .map(value -> head + (head.isEmpty() ? ":" : ",") + option.getKey() + "=" + value)).toList();
            }
            names.forEach(options -> all.add(Design.parse(design.fork().name() + options)));
        }
        return all;
    }

    /** Runs a scenario under every design. */
    public void add(ShippedScenario scenario) {
        rows.add(new Row(scenario, designs.stream().map(design -> trial(scenario, design)).toList()));
    }

    private static ScenarioTrial trial(ShippedScenario scenario, Design design) {
        return ScenarioTrial.run(scenario, design);
    }

    public List<Design> designs() {
        return designs;
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Number of scenarios with that verdict under design {@code i}. */
    public long count(int i, Verdict verdict) {
        return rows.stream().filter(row -> row.trials().get(i).outcome().verdict() == verdict).count();
    }

    /** Whether design {@code i} keeps what it claims in all scenarios. */
    public boolean keepsClaim(int i) {
        Claim claim = Claim.of(designs.get(i));
        return rows.stream().noneMatch(row -> row.trials().get(i).outcome().breaks(claim));
    }
}
