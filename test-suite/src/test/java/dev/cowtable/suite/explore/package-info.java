/** Tests of the explorer, and what it finds: nothing in the designs that ship, each bug that is planted. */
@NullMarked
package dev.cowtable.suite.explore;

import org.jspecify.annotations.NullMarked;
