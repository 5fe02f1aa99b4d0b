/** The README's examples. */
@NullMarked
package dev.cowtable.suite.readme;

import org.jspecify.annotations.NullMarked;
