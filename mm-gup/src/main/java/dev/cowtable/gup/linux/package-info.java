/**
 * get_user_pages as in Linux, slow and lockless.
 *
 * <h2>Models</h2> FOLL_GET, FOLL_PIN with its counting bias, FOLL_WRITE, FOLL_FORCE, FOLL_LONGTERM; gup_must_unshare(); the re-checks and
 * write_protect_seq of the lockless walk.
 * <h2>Leaves out</h2> hugetlb, huge pages, device memory, migration out of movable zones.
 * <h2>Lock rules</h2> slow: mmap_lock for reading, ptl of the table. Fast: none; interrupts disabled.
 * <h2>Flush rules</h2> none is owed: a look-up changes no entry. A flush by another CPU waits while a lockless walk runs here.
 * <h2>Entry points</h2> {@link dev.cowtable.gup.linux.LinuxGup}.
 */
@NullMarked
package dev.cowtable.gup.linux;

import org.jspecify.annotations.NullMarked;
