package dev.cowtable.mmu.exec;

import dev.cowtable.mmu.cpu.Cpu;

/** Runs the bodies of the CPUs and decides who goes on at each scheduling point. */
public interface Executor {
    /** True: {@link #step} is called before every shared access. Asked once, when the machine is built. */
    boolean observesSteps();

    /**
     * A scheduling point before a shared access.
     *
     * @param where a physical address for memory steps, a linear one for {@link Step#USER_ACCESS}, else an identity
     */
    void step(Cpu cpu, Step kind, long where);

    /**
     * The CPU cannot go on; called in a loop until it can.
     *
     * <p>Must let others run. The CPU can go on when {@code what} is ready, or when {@link Cpu#canDeliver}.
     */
    void blockedOn(Cpu cpu, Waitable what);
}
