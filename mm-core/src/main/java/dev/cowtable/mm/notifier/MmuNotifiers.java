package dev.cowtable.mm.notifier;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;

/**
 * The subscribers of one mm, told in the order in which they came; an mm without any pays one read of a field.
 *
 * <p>Mirrors: mm/mmu_notifier.c.
 * <p>Locks: the list changes under mmap_lock for writing and is replaced, never edited; calls use the list as it was at their start.
 * <p>Differs: no SRCU; a walk of the reverse map may be under way when someone subscribes, who meets the end of a range then whose
 * start he was not told; no non-blocking mode.
 */
public final class MmuNotifiers {
    private static final MmuNotifier[] NONE = {};

    private final MmStruct mm;
    private volatile MmuNotifier[] subscribers = NONE;

    public MmuNotifiers(MmStruct mm) {
        this.mm = mm;
    }

    /**
     * Begins to tell {@code subscriber}; no fault is at work then.
     *
     * <p>Mirrors: mmu_notifier_register().
     */
    public void register(Cpu cpu, MmuNotifier subscriber) {
        mm.mmapWriteLock(cpu);
        for (VmAreaStruct vma : mm.vmas()) {
            vma.startWrite(cpu);
        }
        MmuNotifier[] grown = Arrays.copyOf(subscribers, subscribers.length + 1);
        grown[grown.length - 1] = subscriber;
        subscribers = grown;
        mm.mmapWriteUnlock(cpu);
    }

    /** Mirrors: mmu_notifier_unregister(); the subscriber gets its release() if the mm still lives. */
    public void unregister(Cpu cpu, MmuNotifier subscriber) {
        mm.mmapWriteLock(cpu);
        MmuNotifier[] rest = Arrays.stream(subscribers).filter(s -> s != subscriber).toArray(MmuNotifier[]::new);
        boolean known = rest.length < subscribers.length;
        subscribers = rest;
        mm.mmapWriteUnlock(cpu);
        if (known) {
            subscriber.release(cpu, mm);
        }
    }

    /** True if somebody must be told: mm_has_notifiers(). */
    public boolean any() {
        return subscribers.length != 0;
    }

    public void invalidateRangeStart(Cpu cpu, long startVaddr, long endVaddr, MmuNotifier.Event event) {
        for (MmuNotifier subscriber : subscribers) {
            subscriber.invalidateRangeStart(cpu, mm, startVaddr, endVaddr, event);
        }
    }

    public void invalidateRangeEnd(Cpu cpu, long startVaddr, long endVaddr, MmuNotifier.Event event) {
        for (MmuNotifier subscriber : subscribers) {
            subscriber.invalidateRangeEnd(cpu, mm, startVaddr, endVaddr, event);
        }
    }

    /** True if a subscriber has used the range since the last call. */
    public boolean clearFlushYoung(Cpu cpu, long startVaddr, long endVaddr) {
        boolean young = false;
        for (MmuNotifier subscriber : subscribers) {
            young |= subscriber.clearFlushYoung(cpu, mm, startVaddr, endVaddr);
        }
        return young;
    }

    public void invalidateSecondaryTlbs(Cpu cpu, long startVaddr, long endVaddr) {
        for (MmuNotifier subscriber : subscribers) {
            subscriber.invalidateSecondaryTlbs(cpu, mm, startVaddr, endVaddr);
        }
    }

    /** The mm ends: mmu_notifier_release(). */
    public void release(Cpu cpu) {
        MmuNotifier[] all = subscribers;
        subscribers = NONE;
        for (MmuNotifier subscriber : all) {
            subscriber.release(cpu, mm);
        }
    }
}
