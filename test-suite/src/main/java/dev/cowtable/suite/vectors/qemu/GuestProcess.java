package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.bench.NativeProgram;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A running QEMU with our guest in it; it ends with {@link #close}, with this JVM, or when nobody has asked it for two
 * minutes.
 */
final class GuestProcess implements AutoCloseable {
    private static final String GUEST_SOURCE = "qemu_guest.S";
    private static final List<String> GUEST_OPTIONS = List.of("-nostdlib", "-static", "-no-pie",
            "-Wl,-Ttext=0x100000,-e,start32,--build-id=none");
    private static final Duration START_LIMIT = Duration.ofSeconds(20);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
    private static final long PAUSE_NANOS = 20_000;
    private static final int SPINS = 200;

    private final Path output;
    private final Process process;
    private final Thread hook;

    private GuestProcess(List<String> command, Path output) throws IOException {
        this.output = output;
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile())
                .redirectInput(new File("/dev/null")).start();
        hook = new Thread(this::abandon);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Boots the guest.
     *
     * @param program the QEMU to run
     * @param memory all of the guest's RAM
     */
    static GuestProcess start(Path program, CpuModel model, GuestMemory memory)
            throws IOException, OracleUnavailableException {
        List<String> reasons = new ArrayList<>();
        Optional<NativeProgram> guest = NativeProgram.compile(GUEST_SOURCE, GUEST_OPTIONS, reasons::add);
        if (guest.isEmpty()) {
            throw new OracleUnavailableException(reasons.getFirst());
        }
        try (NativeProgram compiled = guest.get()) {
            return start(command(program, model, memory, compiled.executable()), memory);
        }
    }

    private static GuestProcess start(List<String> command, GuestMemory memory)
            throws IOException, OracleUnavailableException {
        Path output = Files.createTempFile("cowtable-qemu", ".log");
        @Nullable GuestProcess guest = null;
        boolean answers = false;
        try {
            guest = new GuestProcess(command, output);
            answers = guest.await(memory, GuestLayout.READY, GuestLayout.READY_MAGIC, START_LIMIT);
            if (!answers) {
                throw new OracleUnavailableException("the QEMU guest does not answer: " + guest.lastWords());
            }
            return guest;
        } finally {
            if (!answers) {
                if (guest != null) {
                    guest.close();
                }
                Files.deleteIfExists(output);
            }
        }
    }

    private static List<String> command(Path program, CpuModel model, GuestMemory memory, Path kernel) {
        long bytes = memory.bytes();
        return List.of(program.toString(), "-accel", "tcg", "-nodefaults", "-no-user-config", "-nographic",
                "-no-reboot", "-serial", "none", "-monitor", "none", "-nic", "none", "-m", (bytes >> 20) + "M",
                "-machine", "pc,memory-backend=ram",
                "-object",
                "memory-backend-file,id=ram,share=on,prealloc=off,size=" + bytes + ",mem-path=" + memory.file(),
                "-cpu", cpu(model), "-kernel", kernel.toString());
    }

    static String cpu(CpuModel model) {
        return "max,vendor=GenuineIntel,phys-bits=" + model.maxPhyAddr() + ",+pdpe1gb," + (model.la57() ? "+" : "-")
                + "la57";
    }

    /** Returns when the guest has done so many banks. */
    void awaitDone(GuestMemory memory, long banks) throws IOException {
        if (!await(memory, GuestLayout.DONE, banks, ANSWER_LIMIT)) {
            throw new IOException("the QEMU guest has stopped answering: " + lastWords());
        }
    }

    /** False if the number stays below the wanted one. */
    private boolean await(GuestMemory memory, long paddr, long wanted, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        for (int spins = 0; memory.loadAcquire(paddr) < wanted; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else if (!process.isAlive() || System.nanoTime() > deadline) {
                return false;
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return true;
    }

    private void abandon() {
        process.destroyForcibly();
        output.toFile().delete();
    }

    private String lastWords() throws IOException {
        String state = process.isAlive() ? "no sign of life in time" : "exit code " + process.exitValue();
        return Files.readString(output, StandardCharsets.UTF_8).lines().findFirst().orElse(state);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // The JVM is ending, and with it the hook.
            return;
        } finally {
            Files.deleteIfExists(output);
        }
    }
}
