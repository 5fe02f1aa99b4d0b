/**
 * Linear and physical addresses as raw longs: shifts, indexes and the canonical form.
 *
 * <p><b>Models:</b> SDM volume 3, 4.2 and 4.5 (4-level and 5-level paging: 48-bit and 57-bit linear addresses).
 * <p><b>Leaves out:</b> linear-address masking.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.addr.Paging}.
 */
@NullMarked
package dev.cowtable.mmu.addr;

import org.jspecify.annotations.NullMarked;
