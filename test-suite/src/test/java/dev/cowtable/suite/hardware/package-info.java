/** Tests of the litmus tests: all pass, planted faults are caught, and the search leaves no outcome out. */
@NullMarked
package dev.cowtable.suite.hardware;

import org.jspecify.annotations.NullMarked;
