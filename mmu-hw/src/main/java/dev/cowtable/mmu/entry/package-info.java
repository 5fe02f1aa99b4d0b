/**
 * Formats of 64-bit paging entries, access kinds and page-fault error codes, as static helpers over raw longs.
 *
 * <p><b>Models:</b> SDM volume 3, tables 4-15 to 4-20 (entries) and 4.7 (error code).
 * <p><b>Leaves out:</b> shadow stacks, HLAT and SGX bits of the error code.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.entry.Entry}, {@link dev.cowtable.mmu.entry.Access},
 * {@link dev.cowtable.mmu.entry.Fault}.
 */
@NullMarked
package dev.cowtable.mmu.entry;

import org.jspecify.annotations.NullMarked;
