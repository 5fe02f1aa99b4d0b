package dev.cowtable.mm.pgtable;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.vma.MmStruct;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor of one page of page tables; its lock lives here, so that all who share a table lock the same lock (dossier L1).
 *
 * <p>A PTE table may be shared: {@link #sharers()} is S(T), the address spaces whose PMD entry points at it, and
 * {@link #shareCount()} is R = |S(T)| plus holders in transit (a breaker that has switched its PMD entry and not yet
 * flushed, a detacher that has not yet un-accounted).
 *
 * <pre>
 * PRIVATE --fork shares--> SHARED (R sharers) --others leave--> SHARED (R=1, not yet re-owned) --re-own--> PRIVATE
 * </pre>
 *
 * In state SHARED the fork strategy must be asked before an entry is changed, whatever R is.
 *
 * <p>Mirrors: struct ptdesc with pt_share_count and ptl.
 * <p>Locks: state, count and sharers are written only under {@link #ptl}; the state is read without it for early bail-out only.
 */
public final class PtDesc {
    /** Returned in place of a table when a private copy was needed and there was no memory for it. */
    public static final PtDesc NO_MEMORY = new PtDesc(-1, 1, new Lockdep(1));

    private final long pfn;
    private final int level;
    /** The lock of this table: of its entries, and of the sharing state below. */
    private final SpinLock ptl;
    // ptl must be held when writing these:
    private @Nullable MmStruct[] sharers = new MmStruct[1];
    /** Where each sharer's PMD entry is, beside {@link #sharers}. */
    private long[] pmdPaddrs = new long[1];
    private int sharerCount;
    private int shareCount = 1;
    private volatile boolean shared;
    /** Who counts the pages of this shared table, under designs that account to one sharer. */
    private volatile @Nullable MmStruct cowPteOwner;
    private volatile boolean ownExclusive;
    /** What the entries looked like when the invariants were last checked while the table was shared; 0 if they were not. */
    private long fingerprint;

    public PtDesc(long pfn, int level, Lockdep lockdep) {
        this.pfn = pfn;
        this.level = level;
        this.ptl = new SpinLock(lockdep, level == 1 ? LockClass.PTL : LockClass.PMD_LOCK);
    }

    public long pfn() {
        return pfn;
    }

    public long paddr() {
        return pfn << 12;
    }

    /** 1 for a PTE table, 2 for a PMD table and so on. */
    public int level() {
        return level;
    }

    public SpinLock ptl() {
        return ptl;
    }

    /** True if the fork strategy must be asked before an entry of this table changes. */
    public boolean isShared() {
        return shared;
    }

    /** R: the PMD entries that point here plus holders in transit. */
    public int shareCount() {
        return shareCount;
    }

    /** |S(T)|: the PMD entries that point here. */
    public int sharerCount() {
        return sharerCount;
    }

    public MmStruct sharer(int i) {
        return Objects.requireNonNull(sharers[i]);
    }

    /** Physical address of the PMD entry through which sharer {@code i} reaches this table. */
    public long pmdPaddrOf(int i) {
        return pmdPaddrs[i];
    }

    public boolean isSharedBy(MmStruct mm) {
        return indexOf(mm) >= 0;
    }

    /** Records who reaches a new table, and through which PMD entry; it is not shared. */
    public void setOwner(MmStruct mm, long pmdPaddr) {
        sharers[0] = mm;
        pmdPaddrs[0] = pmdPaddr;
        sharerCount = 1;
    }

    /** The one sharer that counts this table's pages and the table itself, null if none does; only some designs keep it. */
    public @Nullable MmStruct cowPteOwner() {
        return cowPteOwner;
    }

    public void setCowPteOwner(@Nullable MmStruct owner) {
        cowPteOwner = owner;
    }

    /** True if somebody was given a page of this table who is no sharer of it: COW_PTE_OWN_EXCLUSIVE. It stays for the table's life. */
    public boolean isOwnExclusive() {
        return ownExclusive;
    }

    /** Locks: ptl, or none, by a walker that looks afterwards whether the table is shared. */
    public void setOwnExclusive() {
        ownExclusive = true;
    }

    /** A new PMD entry points here: R and S(T) grow by one. */
    public void addSharer(MmStruct mm, long pmdPaddr) {
        if (sharerCount == sharers.length) {
            sharers = Arrays.copyOf(sharers, sharerCount * 2);
            pmdPaddrs = Arrays.copyOf(pmdPaddrs, sharerCount * 2);
        }
        pmdPaddrs[sharerCount] = pmdPaddr;
        sharers[sharerCount++] = mm;
        shareCount++;
        shared = true;
    }

    /** A PMD entry points elsewhere now; its share stays in R until {@link #dropShare()}. */
    public void removeSharer(MmStruct mm) {
        int at = indexOf(mm);
        if (at < 0) {
            throw new IllegalStateException("mm " + mm.id() + " does not share the table in frame " + pfn);
        }
        sharerCount--;
        sharers[at] = sharers[sharerCount];
        pmdPaddrs[at] = pmdPaddrs[sharerCount];
        sharers[sharerCount] = null;
    }

    /** True if nobody is about to break or detach this shared table: an entry may be changed in place for all its sharers. */
    public boolean isSettled() {
        return shareCount == sharerCount;
    }

    /** An entry of this shared table was changed in place, in the name of all its sharers. */
    public void editedInPlace() {
        fingerprint = 0;
    }

    /** Gives back one share; true if it was the last and the table must be freed. */
    public boolean dropShare() {
        if (--shareCount < 0) {
            throw new IllegalStateException("share count of the table in frame " + pfn + " fell below 0");
        }
        return shareCount == 0;
    }

    /** The only sharer left makes the table its own. */
    public void reown() {
        if (shareCount != 1 || sharerCount != 1) {
            throw new IllegalStateException("table in frame " + pfn + " is re-owned with share count " + shareCount);
        }
        shared = false;
        fingerprint = 0;
    }

    /**
     * Remembers what the entries of this shared table look like.
     *
     * @return false if they looked otherwise at the last check (I3)
     */
    public boolean checkFingerprint(long seen) {
        boolean unchanged = fingerprint == 0 || fingerprint == seen;
        fingerprint = seen;
        return unchanged;
    }

    private int indexOf(MmStruct mm) {
        for (int i = 0; i < sharerCount; i++) {
            if (sharers[i] == mm) {
                return i;
            }
        }
        return -1;
    }
}
