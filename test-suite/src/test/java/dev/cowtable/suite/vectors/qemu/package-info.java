/** Tests of the QEMU oracle; those that need QEMU are skipped with one line where there is none. */
@NullMarked
package dev.cowtable.suite.vectors.qemu;

import org.jspecify.annotations.NullMarked;
