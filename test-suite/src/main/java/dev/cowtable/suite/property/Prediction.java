package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.OpResult;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The results that an operation may have. */
public sealed interface Prediction {
    /** Whether the operation may have this result. */
    boolean allows(String result);

    /** Tells the model which of several results it was; to be called once, with an allowed one. */
    default void settle(String result) {}

    /** One result and no other. */
    record Exactly(String text) implements Prediction {
        @Override
        public boolean allows(String result) {
            return text.equals(result);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** One of several results, on which the model's next state depends. */
    record OneOf(List<String> texts, Consumer<String> then) implements Prediction {
        @Override
        public boolean allows(String result) {
            return texts.contains(result);
        }

        @Override
        public void settle(String result) {
            then.accept(result);
        }

        @Override
        public String toString() {
            return String.join(" or ", texts);
        }
    }

    /** {@code ok v=BYTE[,..]}, each byte out of a set. */
    record Values(List<Seen> values) implements Prediction {
        private static final String HEAD = OpResult.OK + " v=";

        @Override
        public boolean allows(String result) {
            if (!result.matches("ok v=[0-9]{1,3}(,[0-9]{1,3})*")) {
                return false;
            }
            String[] words = result.substring(HEAD.length()).split(",");
            if (words.length != values.size()) {
                return false;
            }
            for (int i = 0; i < words.length; i++) {
                if (!values.get(i).allows(Integer.parseInt(words[i]))) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public String toString() {
            return values.stream().map(Seen::toString).collect(Collectors.joining(",", HEAD, ""));
        }
    }

    /** mincore's digits, whatever they are. */
    record Residency(long pages) implements Prediction {
        @Override
        public boolean allows(String result) {
            return result.matches("ok [01]{" + pages + "}");
        }

        @Override
        public String toString() {
            return "ok and " + pages + " digits";
        }
    }

    /** A block of observations, of which the model says nothing. */
    record Anything() implements Prediction {
        @Override
        public boolean allows(String result) {
            return true;
        }
    }

    /** {@code ok v=} and these bytes. */
    static Prediction values(List<Seen> values) {
        if (!values.stream().allMatch(Seen::isCertain)) {
            return new Values(values);
        }
        byte[] bytes = new byte[values.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values.get(i).value();
        }
        return new Exactly(OpResult.values(bytes, bytes.length));
    }
}
