package dev.cowtable.suite.hardware.catalogue;

import dev.cowtable.suite.hardware.HardwareTest;

/** Rows for a test of four registers of which one combination is special. */
final class Quadruples {
    private Quadruples() {
    }

    /** Adds a row for every other combination of two values, the lower one given. */
    static HardwareTest.Builder allowAllBut(String special, int low, HardwareTest.Builder test) {
        for (int bits = 0; bits < 16; bits++) {
            String text = (low + (bits >>> 3)) + ", " + (low + (bits >>> 2 & 1)) + ", " + (low + (bits >>> 1 & 1))
                    + ", " + (low + (bits & 1));
            if (!text.equals(special)) {
                test.acceptable(text, "one order of the changes explains it");
            }
        }
        return test;
    }
}
