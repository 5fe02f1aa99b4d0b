package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A virtual machine of one CPU. Its CPU belongs to one thread at a time. */
final class KvmVm implements AutoCloseable {
    private static final String DEVICE = "/dev/kvm";
    /** Where Intel hosts put three pages of their own; far from every slot. */
    private static final long TSS_GPA = 0xfffb_d000L;
    private static final int NR_RETRIES = 1000;
    private static final int NO_FILE = -1;

    private final LinuxCalls linux;
    private int deviceFd;
    private int vmFd = NO_FILE;
    private int cpuFd = NO_FILE;
    private MemorySegment run = MemorySegment.NULL;
    private final MemorySegment slot = Arena.ofAuto().allocate(32, 8);

    private KvmVm(LinuxCalls linux, int deviceFd) {
        this.linux = linux;
        this.deviceFd = deviceFd;
    }

    static KvmVm open(LinuxCalls linux) throws OracleUnavailableException, IOException {
        int fd = linux.open(DEVICE);
        if (fd < 0) {
            throw new OracleUnavailableException(whyNotOpened(-fd));
        }
        KvmVm vm = new KvmVm(linux, fd);
        try {
            vm.create();
            return vm;
        } catch (OracleUnavailableException | IOException | RuntimeException e) {
            vm.close();
            throw e;
        }
    }

    private static String whyNotOpened(int errno) {
        return switch (errno) {
            case LinuxCalls.ENOENT -> "no " + DEVICE + " on this machine";
            case LinuxCalls.EACCES, LinuxCalls.EPERM -> "no permission to open " + DEVICE;
            default -> DEVICE + " cannot be opened: error " + errno;
        };
    }

    private void create() throws OracleUnavailableException, IOException {
        int version = linux.ioctl(deviceFd, KvmAbi.GET_API_VERSION, 0);
        if (version != KvmAbi.API_VERSION) {
            throw new OracleUnavailableException(
                    DEVICE + " speaks API version " + version + ", not " + KvmAbi.API_VERSION);
        }
        if ((capability(KvmAbi.CAP_SYNC_REGS) & KvmAbi.SYNC_REGS_AND_SREGS) != KvmAbi.SYNC_REGS_AND_SREGS) {
            throw new OracleUnavailableException("KVM of this kernel lacks KVM_CAP_SYNC_REGS");
        }
        vmFd = linux.ioctl(deviceFd, KvmAbi.CREATE_VM, 0);
        if (vmFd < 0) {
            throw new OracleUnavailableException("KVM_CREATE_VM: error " + -vmFd);
        }
        vmIoctl("KVM_SET_TSS_ADDR", KvmAbi.SET_TSS_ADDR, TSS_GPA);
        cpuFd = vmIoctl("KVM_CREATE_VCPU", KvmAbi.CREATE_VCPU, 0);
        run = linux.mapFile(cpuFd, linux.ioctl(deviceFd, KvmAbi.GET_VCPU_MMAP_SIZE, 0));
        loadSpecialRegisters();
    }

    private void loadSpecialRegisters() throws IOException {
        cpuIoctl("KVM_GET_SREGS", KvmAbi.GET_SREGS, run.asSlice(KvmAbi.SREGS_AT, KvmAbi.SREGS_BYTES));
        run.set(ValueLayout.JAVA_LONG, KvmAbi.VALID_REGS_AT, KvmAbi.SYNC_REGS_AND_SREGS);
    }

    /** 0 where the kernel lacks it. */
    int capability(int number) {
        return Math.max(0, linux.ioctl(deviceFd, KvmAbi.CHECK_EXTENSION, number));
    }

    /** What the guest may be given, in kvm_cpuid2's form. */
    MemorySegment supportedCpuid() throws IOException {
        for (int nrEntries = 128;; nrEntries *= 2) {
            MemorySegment cpuid = Arena.ofAuto()
                    .allocate(KvmAbi.CPUID_HEADER_BYTES + (long) nrEntries * KvmAbi.CPUID_ENTRY_BYTES, 8);
            cpuid.set(ValueLayout.JAVA_INT, 0, nrEntries);
            int result = linux.ioctl(deviceFd, KvmAbi.GET_SUPPORTED_CPUID, cpuid);
            if (result != -LinuxCalls.E2BIG) {
                checked("KVM_GET_SUPPORTED_CPUID", result);
                return cpuid;
            }
        }
    }

    void setCpuid(MemorySegment cpuid) throws IOException {
        cpuIoctl("KVM_SET_CPUID2", KvmAbi.SET_CPUID2, cpuid);
    }

    void addSlot(int number, long gpa, MemorySegment memory) throws IOException {
        setSlot(number, gpa, memory.byteSize(), memory.address());
    }

    void deleteSlot(int number) throws IOException {
        setSlot(number, 0, 0, 0);
    }

    private void setSlot(int number, long gpa, long sizeBytes, long address) throws IOException {
        slot.set(ValueLayout.JAVA_INT, 0, number);
        slot.set(ValueLayout.JAVA_LONG, 8, gpa);
        slot.set(ValueLayout.JAVA_LONG, 16, sizeBytes);
        slot.set(ValueLayout.JAVA_LONG, 24, address);
        checked("KVM_SET_USER_MEMORY_REGION", linux.ioctl(vmFd, KvmAbi.SET_USER_MEMORY_REGION, slot));
    }

    /** The page shared with KVM, with all registers in it. */
    MemorySegment registers() {
        return run;
    }

    /** Runs the CPU with the registers of the shared page until it leaves the guest; returns the exit reason. */
    int run() throws IOException {
        run.set(ValueLayout.JAVA_LONG, KvmAbi.DIRTY_REGS_AT, KvmAbi.SYNC_REGS_AND_SREGS);
        int result = linux.ioctl(cpuFd, KvmAbi.RUN, 0);
        for (int i = 0; result == -LinuxCalls.EINTR && i < NR_RETRIES; i++) {
            result = linux.ioctl(cpuFd, KvmAbi.RUN, 0);
        }
        checked("KVM_RUN", result);
        return run.get(ValueLayout.JAVA_INT, KvmAbi.EXIT_REASON_AT);
    }

    private int vmIoctl(String name, long request, long argument) throws IOException {
        return checked(name, linux.ioctl(vmFd, request, argument));
    }

    private void cpuIoctl(String name, long request, MemorySegment argument) throws IOException {
        checked(name, linux.ioctl(cpuFd, request, argument));
    }

    private static int checked(String name, int result) throws IOException {
        if (result < 0) {
            throw new IOException(name + ": error " + -result);
        }
        return result;
    }

    @Override
    public void close() {
        if (run.byteSize() > 0) {
            linux.unmap(run);
            run = MemorySegment.NULL;
        }
        for (int fd : new int[] {cpuFd, vmFd, deviceFd}) {
            if (fd >= 0) {
                linux.close(fd);
            }
        }
        cpuFd = NO_FILE;
        vmFd = NO_FILE;
        deviceFd = NO_FILE;
    }
}
