/**
 * The locks of the emulated kernel, as objects that report to the executor instead of stopping a Java thread.
 *
 * <h2>Models</h2> spinlock_t, rw_semaphore, seqcount_t, the part of lockdep that knows the order of lock classes, and the
 * figures of lock_stat for spin locks.
 * <h2>Leaves out</h2> fairness, priorities, RCU (a stale Java object is never re-used, so a re-check under the lock is enough).
 * <h2>Lock rules</h2>
 * <pre>
 * mmap_lock (parent, then child nested)
 *   VMA lock
 *     anon_vma root rwsem
 *       page_table_lock of the mm        (entries above the PMD table)
 *         pmd lock (lock of a PMD table)
 *           ptl (lock of a PTE table; the child's, then the parent's nested)
 *             large mapcount of a folio
 *             swap lock
 *               zone lock
 *                 mmlist_lock
 * </pre>
 * The order is checked at each acquisition by {@link dev.cowtable.mm.lock.Lockdep}; a sleeping lock is never taken under a spin lock.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.lock.SpinLock}, {@link dev.cowtable.mm.lock.RwSemaphore},
 * {@link dev.cowtable.mm.lock.SeqCount}, {@link dev.cowtable.mm.lock.LockObserver}.
 */
@NullMarked
package dev.cowtable.mm.lock;

import org.jspecify.annotations.NullMarked;
