package dev.cowtable.suite.property;

/**
 * One anonymous page in the model: its first byte, who refers to it, and whether its one mapper may write it in place.
 *
 * <p>Mirrors: the rules of linux-mm about AnonExclusive, in the words of references only.
 */
final class ModelFrame {
    int value;
    int mappers = 1;
    int pins;
    int piped;
    boolean exclusive = true;

    ModelFrame(int value) {
        this.value = value;
    }

    /** Whether a write may go to this very page. */
    boolean reusable() {
        return exclusive || mappers + pins + piped == 1;
    }
}
