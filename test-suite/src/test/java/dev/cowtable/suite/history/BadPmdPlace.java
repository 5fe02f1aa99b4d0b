package dev.cowtable.suite.history;

import static dev.cowtable.suite.history.Mutant.core;

import dev.cowtable.suite.history.Mutant.Edit;
import java.util.List;

/**
 * A function of the kernel that looks at a PMD entry on its way to a PTE table, and would take a write-protected one for a bad one.
 *
 * @param function its name, and which of its looks if it has several
 * @param file where Linux 6.12 has it, or the version that has it first
 * @param forgotten what it does with a bad entry
 * @param ours class that does its work here
 * @param edits what makes this one place forgetful; {@code #} stands for its number
 * @param sequence what users and the kernel do ({@link Story}): no part can be left out; or by which the place is reached, or nearly so
 * @param caught what users see then; empty if no write-protected entry ever arrives
 * @param reason why none arrives; empty if one does
 */
record BadPmdPlace(String function, String file, String forgotten, String ours, List<Edit> edits, String sequence,
        String caught, String reason) {
    /** What all that go through __pte_offset_map() do. */
    static final String CLEARS = "entry cleared, no table";
    /** Begins the reason of a place to which nothing leads. */
    static final String NOT_REACHED = "never reached: ";
    /** A child's page that its parent wrote, and as it is found when the table is lost. */
    static final String LOST = "P1 A+0 gives 0, not 1";
    static final String LOST_IN_PARENT = "P0 A+0 gives 0, not 1";

    static BadPmdPlace place(String function, String file, String sequence, String caught, Edit... edits) {
        return forgetting(function, file, CLEARS, sequence, caught, edits);
    }

    static BadPmdPlace forgetting(String function, String file, String forgotten, String sequence, String caught,
            Edit... edits) {
        return new BadPmdPlace(function, file, forgotten, ours(edits), List.of(edits), sequence, caught, "");
    }

    /** A place that only sees tables that are private already. */
    static BadPmdPlace never(String function, String file, String reason, String sequence, Edit... edits) {
        return new BadPmdPlace(function, file, CLEARS, ours(edits), List.of(edits), sequence, "", reason);
    }

    /** The call of a door, which gets the place's number as its last argument. */
    static Edit door(String file, String call) {
        int end = call.lastIndexOf(')');
        return core(file, call, call.substring(0, end) + ", #" + call.substring(end));
    }

    private static String ours(Edit... edits) {
        String file = edits[0].file();
        return file.substring(file.lastIndexOf('/') + 1).replace(".java", "");
    }

    boolean seesProtected() {
        return reason.isEmpty();
    }

    /** The edits with the number by which the forgetful doors know the place. */
    List<Edit> numbered(int number) {
        return edits.stream()
                .map(edit -> new Edit(edit.file(), edit.good(), edit.planted().replace("#", String.valueOf(number))))
                .toList();
    }

    @Override
    public String toString() {
        return function;
    }
}
