/**
 * Moving pages between frames under the feet of the processes that use them.
 *
 * <h2>Models</h2> try_to_migrate(), migrate_folio() with the expected number of references, remove_migration_ptes(), compaction.
 * <h2>Leaves out</h2> nodes and mempolicy, huge pages, buffers, waiting for write-back.
 * <h2>Lock rules</h2> both folio locks, then an rmap lock for reading, then ptl. Installing breaks shared tables, or edits them in
 * place if the design allows it; restoring, which may not fail, always edits them in place.
 * <h2>Flush rules</h2> each entry at once when it is replaced; nothing when it is restored.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.migrate.MigratePages}, {@link dev.cowtable.mm.migrate.Compaction}.
 */
@NullMarked
package dev.cowtable.mm.migrate;

import org.jspecify.annotations.NullMarked;
