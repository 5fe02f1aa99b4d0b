/**
 * Observation of the paging units: walk steps, fills, evictions, invalidations, A and D writes, IPIs.
 *
 * <p><b>Models:</b> nothing of the hardware. A machine without a listener pays one branch at each of these events and none on
 * a TLB hit.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.event.MmuListener}.
 */
@NullMarked
package dev.cowtable.mmu.event;

import org.jspecify.annotations.NullMarked;
