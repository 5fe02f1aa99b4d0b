/**
 * Linear and physical addresses as raw longs: shifts, indexes and the canonical form.
 *
 * <p><b>Models:</b> SDM volume 3, 4.2 and 4.5 (4-level paging of 48-bit linear addresses).
 * <p><b>Leaves out:</b> LA57; level 5 is reserved for it in every table that is indexed by level.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.addr.Paging}.
 */
@NullMarked
package dev.cowtable.mmu.addr;

import org.jspecify.annotations.NullMarked;
