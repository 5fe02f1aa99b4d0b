/**
 * Asks the paging unit of an installed qemu-system-x86_64 through a small guest of our own ({@code qemu_guest.S}).
 *
 * <p><b>Models:</b> nothing; QEMU's TCG is a software emulator of the CPU, not hardware. What it is known to do
 * otherwise than the manuals is corrected in {@link dev.cowtable.suite.vectors.qemu.QemuDeviations} and counted.
 * <p><b>Leaves out:</b> AMD's rule on bit 8 of a PML4E and PS in a PDPTE of a CPU without 1 GiB pages, which QEMU does
 * not have: vectors are always an Intel CPU's with 1 GiB pages.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.vectors.qemu.QemuOracle#open}.
 */
@NullMarked
package dev.cowtable.suite.vectors.qemu;

import org.jspecify.annotations.NullMarked;
