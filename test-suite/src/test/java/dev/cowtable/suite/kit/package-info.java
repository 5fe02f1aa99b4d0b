/** Tests of the compatibility kit: a design made elsewhere keeps its claims, and each planted bug in it is named. */
@NullMarked
package dev.cowtable.suite.kit;

import org.jspecify.annotations.NullMarked;
