package dev.cowtable.suite.hardware;

/**
 * What the next step of a CPU may touch, at most: two steps with disjoint effects commute.
 *
 * @param cpu whose step it is
 * @param reads words of the scene, by number, as a mask
 * @param writes words of the scene, by number, as a mask
 * @param cpus the CPUs that it interrupts, as a mask
 */
record Effect(int cpu, long reads, long writes, long cpus) {
    static Effect local(int cpu) {
        return new Effect(cpu, 0, 0, 0);
    }

    static Effect everything(int cpu) {
        return new Effect(cpu, -1, -1, -1);
    }

    Effect with(long moreReads, long moreWrites) {
        return new Effect(cpu, reads | moreReads, writes | moreWrites, cpus);
    }

    boolean commutesWith(Effect other) {
        boolean sameWord = (writes & (other.reads | other.writes)) != 0 || (reads & other.writes) != 0;
        boolean interrupts = (cpus & (1L << other.cpu)) != 0 || (other.cpus & (1L << cpu)) != 0
                || (cpus & other.cpus) != 0;
        return cpu != other.cpu && !sameWord && !interrupts;
    }
}
