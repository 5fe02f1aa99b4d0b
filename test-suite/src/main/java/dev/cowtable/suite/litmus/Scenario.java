package dev.cowtable.suite.litmus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checked litmus file.
 *
 * @param name file name without folder and {@code .txt}
 * @param description the first line without its {@code #}
 * @param files declared and undeclared files, in order of first mention
 * @param ops operations in order; the one at index {@code i} has number {@code i + 1}
 * @param definitions every definition and lengthening of an area, in file order
 */
public record Scenario(String name, String description, List<FileSpec> files, List<Op> ops,
        List<AreaDefinition> definitions) {

    /** Area as it stands from operation {@code opNumber} on. */
    public record AreaDefinition(int opNumber, Area area) {}

    public Scenario {
        files = List.copyOf(files);
        ops = List.copyOf(ops);
        definitions = List.copyOf(definitions);
    }

    /**
     * The areas that operation {@code opNumber} and those before it define, in order of first definition and with the
     * lengths that they then have.
     *
     * <p>Why: the order of {@code observe}. Whether the defining operation succeeded does not matter.
     */
    public List<Area> areasAt(int opNumber) {
        Map<String, Area> byName = new LinkedHashMap<>();
        for (AreaDefinition definition : definitions) {
            if (definition.opNumber() <= opNumber) {
                byName.put(definition.area().name(), definition.area());
            }
        }
        return new ArrayList<>(byName.values());
    }
}
