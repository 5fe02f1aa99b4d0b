/**
 * Swap slots as far as fork and unmap concern them: who uses a slot, and how often.
 *
 * <h2>Models</h2> swap_map counts, swap_duplicate() with its continuation that can fail, swap_free().
 * <h2>Leaves out</h2> contents, the swap cache, swap-in and reclaim; until they come a swap entry is opaque.
 * <h2>Lock rules</h2> the swap lock, inside a ptl.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.swap.SwapMap}; entries are encoded by {@code dev.cowtable.mm.pgtable.SwpEntry}.
 */
@NullMarked
package dev.cowtable.mm.swap;

import org.jspecify.annotations.NullMarked;
