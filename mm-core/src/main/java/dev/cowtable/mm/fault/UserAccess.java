package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import org.jspecify.annotations.Nullable;

/**
 * Memory accesses of user programs: the CPU tries, the kernel handles the fault, the CPU tries again.
 *
 * <p>Mirrors: do_user_addr_fault() (arch/x86/mm/fault.c) for the kernel's half.
 * <p>Locks: takes the VMA's lock for reading, or mmap_lock for reading where that is not enough.
 */
public final class UserAccess {
    /** Results below zero name the signal or shortage: {@code -1 - UserFault.ordinal()}. */
    private static final UserFault[] FAULTS = UserFault.values();

    private final Kernel kernel;

    public UserAccess(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Reads one byte of {@code mm}, loading it on this CPU first; 0..255, or a result for {@link #faultOf}. */
    public long readByte(Cpu cpu, MmStruct mm, long vaddr) {
        kernel.tlbFlush().switchMm(cpu, mm);
        while (true) {
            long result = cpu.readByte(vaddr, Access.READ | Access.USER);
            if (!Fault.isFault(result)) {
                return result;
            }
            UserFault outcome = doUserAddrFault(cpu, mm, vaddr, result);
            if (outcome != UserFault.RETRY) {
                return -1 - outcome.ordinal();
            }
        }
    }

    /** Writes one byte; 0, or a result for {@link #faultOf}. */
    public long writeByte(Cpu cpu, MmStruct mm, long vaddr, int value) {
        kernel.tlbFlush().switchMm(cpu, mm);
        while (true) {
            long result = cpu.writeByte(vaddr, Access.WRITE | Access.USER, value);
            if (!Fault.isFault(result)) {
                return 0;
            }
            UserFault outcome = doUserAddrFault(cpu, mm, vaddr, result);
            if (outcome != UserFault.RETRY) {
                return -1 - outcome.ordinal();
            }
        }
    }

    /** How an access ended, or null if it succeeded. */
    public static @Nullable UserFault faultOf(long result) {
        return result >= 0 ? null : FAULTS[(int) (-1 - result)];
    }

    /** Handles one hardware fault of user mode. */
    public UserFault doUserAddrFault(Cpu cpu, MmStruct mm, long vaddr, long fault) {
        UserFault outcome = Fault.isPageFault(fault) ? handle(cpu, mm, vaddr, Fault.errorCode(fault))
                : UserFault.SEGV_MAPERR;
        if (outcome != UserFault.RETRY) {
            kernel.counters().add(cpu.id(), Counter.FAULT_SIGNAL, 1);
        }
        return outcome;
    }

    private UserFault handle(Cpu cpu, MmStruct mm, long vaddr, int errorCode) {
        int flags = (errorCode & Fault.WRITE) != 0 ? VmFault.FLAG_WRITE : 0;
        VmAreaStruct vma = mm.vmaLookup(vaddr);
        if (vma != null && vma.startRead(cpu)) {
            boolean usable = vma.contains(vaddr) && !accessError(vma, errorCode);
            int result = usable ? kernel.fault().handleMmFault(cpu, vma, vaddr, flags | VmFault.FLAG_VMA_LOCK)
                    : VmFault.RETRY;
            vma.endRead(cpu);
            if ((result & VmFault.RETRY) == 0) {
                return outcome(result);
            }
        }
        return handleUnderMmapLock(cpu, mm, vaddr, errorCode, flags);
    }

    private UserFault handleUnderMmapLock(Cpu cpu, MmStruct mm, long vaddr, int errorCode, int flags) {
        VmAreaStruct above = mm.findVma(vaddr);
        if (above != null && !above.contains(vaddr) && above.has(VmFlags.GROWSDOWN)) {
            kernel.memoryMap().expandStack(cpu, mm, vaddr);
        }
        mm.mmapLock().downRead(cpu);
        VmAreaStruct vma = mm.vmaLookup(vaddr);
        UserFault outcome;
        if (vma == null) {
            outcome = UserFault.SEGV_MAPERR;
        } else if (accessError(vma, errorCode)) {
            outcome = UserFault.SEGV_ACCERR;
        } else {
            outcome = outcome(kernel.fault().handleMmFault(cpu, vma, vaddr, flags));
        }
        mm.mmapLock().upRead(cpu);
        return outcome;
    }

    /**
     * True if the VMA does not permit the access.
     *
     * <p>Mirrors: access_error(). A read or fetch that faulted on a present entry is refused whatever the VMA says.
     */
    private static boolean accessError(VmAreaStruct vma, int errorCode) {
        if ((errorCode & Fault.WRITE) != 0) {
            return !vma.has(VmFlags.WRITE);
        }
        return (errorCode & Fault.PRESENT) != 0 || !vma.has(VmFlags.ACCESS_FLAGS);
    }

    private static UserFault outcome(int result) {
        if ((result & VmFault.OOM) != 0) {
            return UserFault.OOM;
        }
        if ((result & VmFault.SIGBUS) != 0) {
            return UserFault.BUS_ADRERR;
        }
        if ((result & VmFault.HWPOISON) != 0) {
            return UserFault.BUS_MCEERR;
        }
        return (result & VmFault.SIGSEGV) != 0 ? UserFault.SEGV_MAPERR : UserFault.RETRY;
    }
}
