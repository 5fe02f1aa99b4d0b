package dev.cowtable.mm.lock;

/** How some locks were taken, waited for and held; times are numbers of steps. */
public final class LockFigures {
    private long acquisitions;
    private long contended;
    private long stepsWaited;
    private long longestWaitSteps;
    private long stepsHeld;
    private long longestHoldSteps;
    private long flushes;
    private long ipis;
    private long mostIpis;

    public LockFigures() {
    }

    void addWait(long steps) {
        contended++;
        stepsWaited += steps;
        longestWaitSteps = Math.max(longestWaitSteps, steps);
    }

    void addHold(long steps, long flushesUnder, long ipisUnder) {
        acquisitions++;
        stepsHeld += steps;
        longestHoldSteps = Math.max(longestHoldSteps, steps);
        flushes += flushesUnder;
        ipis += ipisUnder;
        mostIpis = Math.max(mostIpis, ipisUnder);
    }

    /** Adds those of another run, or of other locks. */
    public void add(LockFigures other) {
        acquisitions += other.acquisitions;
        contended += other.contended;
        stepsWaited += other.stepsWaited;
        longestWaitSteps = Math.max(longestWaitSteps, other.longestWaitSteps);
        stepsHeld += other.stepsHeld;
        longestHoldSteps = Math.max(longestHoldSteps, other.longestHoldSteps);
        flushes += other.flushes;
        ipis += other.ipis;
        mostIpis = Math.max(mostIpis, other.mostIpis);
    }

    /** Holds that have ended. */
    public long acquisitions() {
        return acquisitions;
    }

    /** How many times a lock was found taken. */
    public long contended() {
        return contended;
    }

    public long stepsWaited() {
        return stepsWaited;
    }

    public long longestWaitSteps() {
        return longestWaitSteps;
    }

    public long stepsHeld() {
        return stepsHeld;
    }

    public long longestHoldSteps() {
        return longestHoldSteps;
    }

    /** TLB flushes that the holders asked for while they held. */
    public long flushes() {
        return flushes;
    }

    /** IPIs that the holders sent while they held, counted once per target. */
    public long ipis() {
        return ipis;
    }

    /** Most IPIs sent during one hold. */
    public long mostIpis() {
        return mostIpis;
    }
}
