package dev.cowtable.suite.snapshot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The PAGEMAP_SCAN ioctl: the ranges of a process that hold entries, with what pagemap's words do not tell.
 *
 * <p>Mirrors: do_pagemap_scan() in fs/proc/task_mmu.c, struct pm_scan_arg and struct page_region in linux/fs.h.
 */
final class PagemapScan implements AutoCloseable {
    static final long PAGE_IS_PRESENT = 1 << 3;
    static final long PAGE_IS_SWAPPED = 1 << 4;
    static final long PAGE_IS_PFNZERO = 1 << 5;
    static final long PAGE_IS_HUGE = 1 << 6;

    private static final long PAGEMAP_SCAN = 0xc0606610L;
    private static final int ARG_BYTES = 96;
    private static final int REGION_BYTES = 24;
    private static final int NR_REGIONS = 1024;
    private static final int O_RDONLY_CLOEXEC = 02000000;

    private final Libc libc;
    private final int fd;
    private final MemorySegment arg;
    private final MemorySegment regions;

    private PagemapScan(Libc libc, int fd) {
        this.libc = libc;
        this.fd = fd;
        Arena arena = Arena.ofAuto();
        this.arg = arena.allocate(ARG_BYTES, 8);
        this.regions = arena.allocate((long) REGION_BYTES * NR_REGIONS, 8);
    }

    /** Receives ranges by ascending address. */
    interface RegionSink {
        void region(long startVaddr, long endVaddr, long categories) throws IOException;
    }

    /** Null where the kernel, the machine or the JVM does not offer it. */
    static @Nullable PagemapScan open(long pid) {
        Libc libc = Libc.load();
        if (libc == null) {
            return null;
        }
        int fd = libc.open(Arena.ofAuto().allocateFrom("/proc/" + pid + "/pagemap"), O_RDONLY_CLOEXEC);
        if (fd < 0) {
            return null;
        }
        PagemapScan scan = new PagemapScan(libc, fd);
        if (scan.scan(0, 1L << SnapshotVma.PAGE_SHIFT) < 0) {
            scan.close();
            return null;
        }
        return scan;
    }

    void forEachRegion(long startVaddr, long endVaddr, RegionSink sink) throws IOException {
        long vaddr = startVaddr;
        while (vaddr < endVaddr) {
            int nrRegions = scan(vaddr, endVaddr);
            long walkEndVaddr = arg.get(ValueLayout.JAVA_LONG, 32);
            if (nrRegions < 0 || walkEndVaddr <= vaddr) {
                throw new IOException("PAGEMAP_SCAN failed: No such process");
            }
            for (int i = 0; i < nrRegions; i++) {
                long at = (long) i * REGION_BYTES;
                sink.region(regions.get(ValueLayout.JAVA_LONG, at), regions.get(ValueLayout.JAVA_LONG, at + 8),
                        regions.get(ValueLayout.JAVA_LONG, at + 16));
            }
            vaddr = walkEndVaddr;
        }
    }

    private int scan(long startVaddr, long endVaddr) {
        long[] words = {ARG_BYTES, 0, startVaddr, endVaddr, 0, regions.address(), NR_REGIONS, 0,
                0, 0, PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
                PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | PAGE_IS_HUGE};
        MemorySegment.copy(words, 0, arg, ValueLayout.JAVA_LONG, 0, words.length);
        return libc.ioctl(fd, PAGEMAP_SCAN, arg);
    }

    @Override
    public void close() {
        libc.close(fd);
    }

    /** Three calls of the C library. */
    private record Libc(MethodHandle open, MethodHandle ioctl, MethodHandle close) {

        static @Nullable Libc load() {
            if (!System.getProperty("os.name", "").equals("Linux") || ValueLayout.ADDRESS.byteSize() != 8) {
                return null;
            }
            try {
                return new Libc(
                        variadic("open", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS,
                                ValueLayout.JAVA_INT)),
                        variadic("ioctl", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG, ValueLayout.ADDRESS)),
                        plain("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)));
            } catch (RuntimeException | LinkageError e) {
                return null;
            }
        }

        private static MethodHandle variadic(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor,
                    Linker.Option.firstVariadicArg(2));
        }

        private static MethodHandle plain(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
        }

        int open(MemorySegment path, int flags) {
            return call(open, path, flags);
        }

        int ioctl(int fd, long request, MemorySegment arg) {
            return call(ioctl, fd, request, arg);
        }

        void close(int fd) {
            call(close, fd);
        }

        private static int call(MethodHandle handle, Object... args) {
            try {
                return (int) handle.invokeWithArguments(args);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
