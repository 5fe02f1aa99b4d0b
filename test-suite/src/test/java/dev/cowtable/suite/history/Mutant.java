package dev.cowtable.suite.history;

import java.util.List;

/**
 * A bug of the past as it is planted, and what shows it.
 *
 * @param id number in the catalogue
 * @param title the wrong decision
 * @param edits what is replaced in the sources
 * @param shownBy how it is looked for
 * @param sequence what users do: a litmus program, or the name of a race or scene
 * @param symptom a piece of what the check says
 */
record Mutant(String id, String title, List<Edit> edits, Way shownBy, String sequence, String symptom) {
    /** What runs the sequence. */
    enum Way { PROGRAM, RACE, INJECTION, SCENE }

    /**
     * One piece of one source file; blanks and line ends count alike, and the piece occurs once.
     *
     * @param file below the root, without {@code src/main/java}
     */
    record Edit(String file, String good, String planted) {
    }

    static Edit core(String file, String good, String planted) {
        return new Edit("mm-core/dev/cowtable/mm/" + file, good, planted);
    }

    static Edit relaxed(String file, String good, String planted) {
        return new Edit("mm-fork/dev/cowtable/fork/relaxed/" + file, good, planted);
    }

    static Edit gup(String file, String good, String planted) {
        return new Edit("mm-gup/dev/cowtable/gup/linux/" + file, good, planted);
    }

    static Mutant program(String id, String title, String symptom, String program, Edit... edits) {
        return new Mutant(id, title, List.of(edits), Way.PROGRAM, program, symptom);
    }

    static Mutant race(String id, String title, String symptom, String race, Edit... edits) {
        return new Mutant(id, title, List.of(edits), Way.RACE, race, symptom);
    }

    @Override
    public String toString() {
        return id + " " + title;
    }
}
