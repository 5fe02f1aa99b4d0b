package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.reg.CpuModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A litmus test: a script, and its table of outcomes. An outcome that is not in the table is forbidden.
 *
 * @param relation what the literature has beside it; may be empty
 * @param storeBuffer stores that each CPU may hold back, or 0
 */
public record HardwareTest(String name, String description, String relation, int cpus, int storeBuffer, CpuModel model,
        Script script, List<Outcome> outcomes) {
    public HardwareTest {
        outcomes = List.copyOf(outcomes);
    }

    public static Builder named(String name, String description) {
        return new Builder(name, description);
    }

    public Optional<Outcome> outcome(String text) {
        return outcomes.stream().filter(row -> row.text().equals(text)).findFirst();
    }

    /** This test's table over what another one does. */
    public HardwareTest judging(HardwareTest other) {
        return new HardwareTest(other.name + "-as-" + name, other.description, other.relation, other.cpus,
                other.storeBuffer, other.model, other.script, outcomes);
    }

    /** Default: two CPUs without store buffers, of an Intel model. */
    public static final class Builder {
        private final String name;
        private final String description;
        private final List<Outcome> outcomes = new ArrayList<>();
        private String relation = "";
        private int cpus = 2;
        private int storeBuffer;
        private CpuModel model = CpuModel.INTEL;

        private Builder(String name, String description) {
            this.name = name;
            this.description = description;
        }

        /** The case of TransForm, COATCheck or the memory-order literature that this one goes with. */
        public Builder like(String what) {
            relation = what;
            return this;
        }

        public Builder cpus(int count) {
            cpus = count;
            return this;
        }

        public Builder storeBuffer(int depth) {
            storeBuffer = depth;
            return this;
        }

        public Builder model(CpuModel what) {
            model = what;
            return this;
        }

        public Builder acceptable(String text, String reason) {
            return acceptable(text, Seen.PERHAPS, reason);
        }

        public Builder acceptable(String text, Seen seen, String reason) {
            return row(new Outcome(text, Expectation.ACCEPTABLE, seen, reason));
        }

        public Builder interesting(String text, Seen seen, String reason) {
            return row(new Outcome(text, Expectation.ACCEPTABLE_INTERESTING, seen, reason));
        }

        public Builder forbidden(String text, String reason) {
            return row(new Outcome(text, Expectation.FORBIDDEN, Seen.PERHAPS, reason));
        }

        private Builder row(Outcome outcome) {
            if (outcomes.stream().anyMatch(row -> row.text().equals(outcome.text()))) {
                throw new IllegalArgumentException(name + ": two rows for '" + outcome.text() + "'");
            }
            outcomes.add(outcome);
            return this;
        }

        public HardwareTest script(Script script) {
            return new HardwareTest(name, description, relation, cpus, storeBuffer, model, script, outcomes);
        }
    }
}
