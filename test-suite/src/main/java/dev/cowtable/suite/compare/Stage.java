package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.vma.MmStruct;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Where a workload plays: the rebuilt parent, its children, the draws of pages, and what is measured on the way.
 *
 * <p>The parent's second thread reads a page around every eighth write of the first, so that its CPU holds a
 * translation which a missing flush would leave stale.
 */
public final class Stage {
    private static final int HELPER_EVERY = 8;

    private final Lab lab;
    private final Kernel kernel;
    private final ContentsOracle oracle = new ContentsOracle();
    private final EmulatedProcess parent;
    private final List<EmulatedProcess> children = new ArrayList<>();
    private final SplittableRandom random;
    private final HotPages hot;
    private final int[] childReadable;
    private final int[] childWritable;
    private final double writeFraction;
    private final Progress progress;
    private final List<String> violations = new ArrayList<>();
    private long[] forkNanos = new long[8];
    private int nrForks;
    private int nrParentWrites;
    private long pausedNanos;
    private long peakVmPteBytes;

    Stage(Lab lab, RebuiltProcess process, double writeFraction, long seed, Progress progress) {
        this.lab = lab;
        this.kernel = lab.kernel();
        this.writeFraction = writeFraction;
        this.progress = progress;
        TouchablePages pages = process.pages();
        parent = new EmulatedProcess(kernel, process.mm(), lab.mainCpu(), "the parent", pages, oracle,
                pages.firstStamps());
        childReadable = pages.having(TouchablePages.READ | TouchablePages.INHERITED);
        childWritable = pages.having(TouchablePages.READ | TouchablePages.WRITE | TouchablePages.INHERITED);
        random = new SplittableRandom(seed);
        hot = new HotPages(childWritable, random);
        kernel.tlbFlush().switchMm(lab.helperCpu(), process.mm());
        kernel.tlbFlush().switchMm(lab.mainCpu(), process.mm());
    }

    Lab lab() {
        return lab;
    }

    // ---------------------------------------------------------------- processes

    /** Forks the parent; the child runs on a CPU of its own. */
    public EmulatedProcess fork() {
        long begin = System.nanoTime();
        MmStruct mm = kernel.fork(lab.mainCpu(), parent.mm());
        addForkNanos(System.nanoTime() - begin);
        if (mm == null) {
            throw new IllegalStateException("fork had no memory");
        }
        EmulatedProcess child = parent.child(mm, lab.childCpu(), "child " + nrForks);
        children.add(child);
        sampleVmPte();
        return child;
    }

    private void addForkNanos(long nanos) {
        if (nrForks == forkNanos.length) {
            forkNanos = Arrays.copyOf(forkNanos, nrForks * 2);
        }
        forkNanos[nrForks++] = nanos;
    }

    /** Ends a child. */
    public void exit(EmulatedProcess child) {
        sampleVmPte();
        children.remove(child);
        kernel.exitMmap(child.cpu(), child.mm());
    }

    /** The children that live, oldest first. */
    List<EmulatedProcess> children() {
        return List.copyOf(children);
    }

    void exitParent() {
        kernel.exitMmap(parent.cpu(), parent.mm());
    }

    // ---------------------------------------------------------------- accesses

    /** Pages that a child may read, by ascending address; not to be changed. */
    public int[] readable() {
        return childReadable;
    }

    /** The number of writes that the workload's fraction of the writable pages makes. */
    public int nrWrites() {
        return (int) Math.round(writeFraction * childWritable.length);
    }

    /** The parent's main thread writes a page drawn from the hot ones. */
    public void parentWritesHotPage() {
        if (childWritable.length == 0) {
            return;
        }
        int page = hot.draw(random);
        boolean watched = nrParentWrites++ % HELPER_EVERY == 0;
        if (watched) {
            parent.readOn(lab.helperCpu(), page);
        }
        parent.write(page);
        if (watched) {
            parent.readOn(lab.helperCpu(), page);
        }
    }

    /** The parent's main thread reads a page; each that a child can read is as likely as any other. */
    void parentReadsAnyPage() {
        readAnyPage(parent);
    }

    public void writeHotPage(EmulatedProcess child) {
        if (childWritable.length > 0) {
            child.write(hot.draw(random));
        }
    }

    /** Writes a page; each writable one is as likely as any other. */
    public void writeAnyPage(EmulatedProcess child) {
        if (childWritable.length > 0) {
            child.write(childWritable[random.nextInt(childWritable.length)]);
        }
    }

    /** Reads a page; each readable one is as likely as any other. */
    public void readAnyPage(EmulatedProcess child) {
        if (childReadable.length > 0) {
            child.read(childReadable[random.nextInt(childReadable.length)]);
        }
    }

    /** The source of all draws. */
    SplittableRandom random() {
        return random;
    }

    /** True with that probability. */
    public boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    // ---------------------------------------------------------------- checks and figures

    /** Tells how much of the workload is done. */
    public void progress(long done, long total) {
        progress.update(done, total);
    }

    /** Checks all invariants now; the time that it takes is not the workload's. */
    public void check(String when) {
        long begin = System.nanoTime();
        sampleVmPte();
        new InvariantChecker(kernel).check().forEach(v -> violations.add(when + ": " + v));
        pausedNanos += System.nanoTime() - begin;
    }

    void violated(String what) {
        violations.add(what);
    }

    List<String> violations() {
        List<String> all = new ArrayList<>(oracle.violations());
        all.addAll(violations);
        return all;
    }

    private void sampleVmPte() {
        long sum = parent.mm().pgtablesBytes();
        for (EmulatedProcess child : children) {
            sum += child.mm().pgtablesBytes();
        }
        peakVmPteBytes = Math.max(peakVmPteBytes, sum);
    }

    /** Largest sum of VmPTE over all processes seen after a fork, before an exit or at a check. */
    long peakVmPteBytes() {
        return peakVmPteBytes;
    }

    long pausedNanos() {
        return pausedNanos;
    }

    int nrForks() {
        return nrForks;
    }

    long medianForkNanos() {
        long[] sorted = Arrays.copyOf(forkNanos, nrForks);
        Arrays.sort(sorted);
        return nrForks == 0 ? 0 : sorted[nrForks / 2];
    }
}
