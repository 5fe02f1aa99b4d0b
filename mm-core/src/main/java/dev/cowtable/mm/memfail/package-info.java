/**
 * Frames that the hardware reports as broken.
 *
 * <h2>Models</h2> memory_failure() for anonymous pages, mapped or in the swap cache, and for free frames.
 * <h2>Leaves out</h2> page-cache pages, huge pages, soft offlining, early kills.
 * <h2>Lock rules</h2> the folio lock, then an rmap lock for reading, then ptl. Nothing is allocated: a shared table is edited in place.
 * <h2>Flush rules</h2> every sharer's CPUs before the frame loses a mapping.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.memfail.MemoryFailure}.
 */
@NullMarked
package dev.cowtable.mm.memfail;

import org.jspecify.annotations.NullMarked;
