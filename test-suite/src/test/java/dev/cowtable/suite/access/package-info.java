/**
 * What others than the process itself see and do of its page tables, under every design.
 *
 * <h2>Models</h2> drivers with apply_to_page_range(), devices that mirror an address space with hmm_range_fault().
 * <h2>Entry points</h2> {@link dev.cowtable.suite.access.TablesSeenFromOutsideTest}.
 */
@NullMarked
package dev.cowtable.suite.access;

import org.jspecify.annotations.NullMarked;
