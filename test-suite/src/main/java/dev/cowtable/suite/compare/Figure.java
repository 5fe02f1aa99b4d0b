package dev.cowtable.suite.compare;

import dev.cowtable.mm.stat.Counter;
import org.jspecify.annotations.Nullable;

/** A row of the table: what is compared between designs, with its unit. */
public enum Figure {
    FORKS("forks", "forks", Counter.FORK),
    PARENT_TABLES("page tables before the fork, physical [KiB]", "pageTablesBeforeForkPhysicalBytes"),
    PEAK_TABLES("page tables at peak, physical [KiB]", "pageTablesPeakPhysicalBytes"),
    PEAK_VMPTE("page tables at peak, sum of VmPTE [KiB]", "pageTablesPeakSumVmPteBytes"),
    TABLES_ALLOCATED("tables allocated", "tablesAllocated", Counter.TABLE_ALLOC),
    TABLES_SHARED("tables shared at fork", "tablesShared", Counter.TABLE_SHARED),
    TABLES_FALLEN_BACK("tables fallen back to a copy", "tablesFallenBack", Counter.TABLE_FALLBACK),
    TABLES_BROKEN("shared tables broken by a copy", "tablesBroken", Counter.TABLE_BROKEN),
    TABLES_REOWNED("shared tables taken over", "tablesReowned", Counter.TABLE_REOWNED),
    TABLES_DETACHED("shared tables detached", "tablesDetached", Counter.TABLE_DETACHED),
    ENTRIES_VISITED("entries visited by fork", "forkEntriesVisited", Counter.FORK_ENTRY_VISITED),
    FORK_BATCHES("batches of pages counted by fork", "forkBatches", Counter.FORK_BATCH),
    FAULTS("page faults", "faultsMinor", Counter.FAULT_MINOR),
    FAULTS_SPURIOUS("spurious faults", "faultsSpurious", Counter.FAULT_SPURIOUS),
    PAGE_COPIES("pages copied by faults", "pageCopiesByFaults", Counter.PAGE_COPY),
    FORK_PAGE_COPIES("pages copied by fork", "pageCopiesByFork", Counter.FORK_PAGE_COPY),
    PAGE_REUSES("pages reused without a copy", "pageReuses", Counter.PAGE_REUSE),
    TABLES_EDITED("entries edited in place", "entriesEditedInPlace", Counter.TABLE_EDITED),
    SWAPPED_OUT("pages swapped out", "pagesSwappedOut", Counter.SWAP_OUT),
    SWAPPED_IN("pages swapped in", "pagesSwappedIn", Counter.SWAP_IN),
    FLUSHES("TLB flushes", "tlbFlushes", Counter.TLB_FLUSH),
    FLUSHES_NEEDLESS("TLB flushes nobody owed", "tlbFlushesNeedless", Counter.TLB_FLUSH_NEEDLESS),
    IPIS("IPIs", "ipis", Counter.IPI),
    ATOMICS("atomic operations of fork and unmapping", "atomicOperationsOfForkAndUnmap", Counter.ATOMIC),
    FORK_NANOS("host time of one fork, median [us]", "forkMedianHostNs"),
    WORKLOAD_NANOS("host time of the workload [ms]", "workloadHostNs");

    private final String label;
    private final String key;
    private final @Nullable Counter counter;

    Figure(String label, String key) {
        this(label, key, null);
    }

    Figure(String label, String key, @Nullable Counter counter) {
        this.label = label;
        this.key = key;
        this.counter = counter;
    }

    public String label() {
        return label;
    }

    /** Key for machines; a unit other than a plain count ends it. */
    public String key() {
        return key;
    }

    /** The kernel's counter whose growth during the workload this is, or null. */
    @Nullable
    Counter counter() {
        return counter;
    }

    /** True if two runs with the same input give the same value. */
    public boolean isDeterministic() {
        return this != FORK_NANOS && this != WORKLOAD_NANOS;
    }

    /** True if the row is printed only where it tells something: not for zeros, nor batches where all folios are small. */
    boolean isRare() {
        return this == FORK_BATCHES || this == TABLES_EDITED || this == SWAPPED_OUT || this == SWAPPED_IN;
    }

    /** From the unit of the value to the unit of the label. */
    long shown(long value) {
        return switch (this) {
            case PARENT_TABLES, PEAK_TABLES, PEAK_VMPTE -> value >> 10;
            case FORK_NANOS -> value / 1_000;
            case WORKLOAD_NANOS -> value / 1_000_000;
            default -> value;
        };
    }
}
