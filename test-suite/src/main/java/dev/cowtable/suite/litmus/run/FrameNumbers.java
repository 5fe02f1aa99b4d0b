package dev.cowtable.suite.litmus.run;

import java.util.Arrays;

/** Numbers page objects from 1 in order of first appearance; a frame that is freed and allocated again is another page. */
public final class FrameNumbers {
    private static final int FIRST_CAPACITY = 4096;

    // By pfn:
    private int[] numbers = new int[FIRST_CAPACITY];
    private int[] generations = new int[FIRST_CAPACITY];
    private int last;

    /** The page's number, a new one if it has none yet. */
    public int number(long pfn, int generation) {
        int at = Math.toIntExact(pfn);
        if (at >= numbers.length) {
            int capacity = Math.max(at + 1, numbers.length * 2);
            numbers = Arrays.copyOf(numbers, capacity);
            generations = Arrays.copyOf(generations, capacity);
        }
        if (numbers[at] == 0 || generations[at] != generation) {
            numbers[at] = ++last;
            generations[at] = generation;
        }
        return numbers[at];
    }
}
