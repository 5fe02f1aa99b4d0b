package dev.cowtable.suite.property;

/**
 * One anonymous page in the model: its first byte, who refers to it, and whether its one mapper may write it in place.
 *
 * <p>Mirrors: the rules of linux-mm about AnonExclusive, in the words of references only.
 */
final class ModelFrame {
    int value;
    /** Made after MADV_FREE from a page that may have been discarded by then. */
    boolean orZero;
    int mappers = 1;
    int pins;
    int piped;
    boolean exclusive = true;
    /** Some mapper has said MADV_FREE, and none has written it since. */
    boolean lazy;
    /** Whether pipes hold the page that its mappers see cannot be told any more. */
    boolean maybeOther;

    ModelFrame(int value) {
        this.value = value;
    }

    /** The copy that a write fault makes of it. */
    static ModelFrame copyOf(Seen seen) {
        ModelFrame copy = new ModelFrame(seen.value());
        copy.orZero = seen.orZero();
        return copy;
    }

    /** Whether a write may go to this very page. */
    boolean reusable() {
        return exclusive || mappers + pins + piped == 1;
    }

    /** Whether anybody but its mappers has it. */
    boolean isHeld() {
        return pins + piped > 0;
    }

    void write(int newValue) {
        value = newValue;
        orZero = false;
        lazy = false;
    }

    Seen seen() {
        return new Seen(value, orZero, false);
    }
}
