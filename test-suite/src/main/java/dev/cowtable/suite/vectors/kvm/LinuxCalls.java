package dev.cowtable.suite.vectors.kvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** Five system calls of Linux on x86-64; each returns what the kernel does: a negative value is an error number. */
final class LinuxCalls {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int E2BIG = 7;
    static final int EACCES = 13;

    private static final int O_RDWR_CLOEXEC = 02000002;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
    private static final int NO_FILE = -1;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CAPTURED = Linker.Option.captureStateLayout();
    private static final long ERRNO_AT = CAPTURED.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPEN = variadic("open", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT));
    private static final MethodHandle IOCTL = variadic("ioctl", FunctionDescriptor.of(INT, INT, LONG, LONG));
    private static final MethodHandle MMAP =
            handle("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
    private static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(INT, LONG, LONG));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(INT, INT));

    private final MemorySegment captured = Arena.ofAuto().allocate(CAPTURED);

    int open(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return result((int) OPEN.invokeExact(captured, arena.allocateFrom(path), O_RDWR_CLOEXEC));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int ioctl(int fd, long request, long argument) {
        try {
            return result((int) IOCTL.invokeExact(captured, fd, request, argument));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int ioctl(int fd, long request, MemorySegment argument) {
        return ioctl(fd, request, argument.address());
    }

    /** Zeroed memory of this process that costs nothing until it is touched; the caller unmaps it. */
    MemorySegment mapMemory(long sizeBytes) throws IOException {
        return map(NO_FILE, sizeBytes, MAP_PRIVATE_ANONYMOUS_NORESERVE);
    }

    /** The caller unmaps it. */
    MemorySegment mapFile(int fd, long sizeBytes) throws IOException {
        return map(fd, sizeBytes, MAP_SHARED);
    }

    void unmap(MemorySegment mapped) {
        try {
            int ignored = (int) MUNMAP.invokeExact(captured, mapped.address(), mapped.byteSize());
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    void close(int fd) {
        try {
            int ignored = (int) CLOSE.invokeExact(captured, fd);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private MemorySegment map(int fd, long sizeBytes, int flags) throws IOException {
        try {
            long address = (long) MMAP.invokeExact(captured, 0L, sizeBytes, PROT_READ_WRITE, flags, fd, 0L);
            if (address != -1) {
                return MemorySegment.ofAddress(address).reinterpret(sizeBytes);
            }
        } catch (Throwable e) {
            throw impossible(e);
        }
        throw new IOException("mmap of " + sizeBytes + " bytes: error " + captured.get(INT, ERRNO_AT));
    }

    private int result(int returned) {
        return returned == -1 ? -captured.get(INT, ERRNO_AT) : returned;
    }

    private static MethodHandle variadic(String name, FunctionDescriptor descriptor) {
        return handle(name, descriptor, Linker.Option.firstVariadicArg(2));
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = Linker.Option.captureCallState("errno");
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, all);
    }

    private static IllegalStateException impossible(Throwable e) {
        return new IllegalStateException("a system call's handle does not fit its use", e);
    }
}
