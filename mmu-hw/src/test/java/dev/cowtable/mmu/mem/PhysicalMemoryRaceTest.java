package dev.cowtable.mmu.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** Two real threads on the same frames, which start without arrays. */
class PhysicalMemoryRaceTest {
    private static final int FRAMES = 2000;

    private final PhysicalMemory memory = new PhysicalMemory(1L << 24);

    @Test
    void neighbouringBytesStoredByTwoThreadsBothStay() throws Exception {
        onTwoThreads(thread -> {
            for (int frame = 0; frame < FRAMES; frame++) {
                memory.writeByte(frame * 4096L + thread, (byte) (thread + 1));
            }
        });
        for (int frame = 0; frame < FRAMES; frame++) {
            assertThat(memory.read(frame * 4096L)).as("frame %d", frame).isEqualTo(0x0201);
        }
    }

    @Test
    void arrayMadeByTwoThreadsAtOnceKeepsBothWords() throws Exception {
        onTwoThreads(thread -> {
            for (int frame = 0; frame < FRAMES; frame++) {
                memory.write(frame * 4096L + 8L * thread, frame + 1);
            }
        });
        for (int frame = 0; frame < FRAMES; frame++) {
            assertThat(memory.read(frame * 4096L)).isEqualTo(frame + 1);
            assertThat(memory.read(frame * 4096L + 8)).isEqualTo(frame + 1);
        }
        assertThat(memory.backedFrames()).isEqualTo(FRAMES);
    }

    @Test
    void compareAndExchangeLosesNoIncrement() throws Exception {
        onTwoThreads(thread -> {
            for (int i = 0; i < 100_000; i++) {
                increment(8L * (i & 1));
            }
        });
        assertThat(memory.read(0) + memory.read(8)).isEqualTo(200_000);
    }

    @Test
    void bitSetByOneThreadSurvivesBitsClearedByTheOther() throws Exception {
        onTwoThreads(thread -> {
            for (int i = 0; i < 1_000_000; i++) {
                if (thread == 0) {
                    toggle(1);
                } else {
                    toggle(2);
                }
            }
        });
    }

    private void toggle(long bit) {
        long beforeSet = memory.fetchAndOr(0, bit);
        long beforeCleared = memory.fetchAndAnd(0, ~bit);
        if ((beforeSet & bit) != 0 || (beforeCleared & bit) == 0) {
            throw new AssertionError("bit " + bit + " was lost: " + beforeSet + ", " + beforeCleared);
        }
    }

    private void increment(long paddr) {
        long expected = memory.read(paddr);
        while (true) {
            long witness = memory.compareAndExchange(paddr, expected, expected + 1);
            if (witness == expected) {
                return;
            }
            expected = witness;
        }
    }

    private static void onTwoThreads(IntConsumer body) throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        Throwable[] failures = new Throwable[2];
        Thread[] threads = new Thread[2];
        for (int i = 0; i < 2; i++) {
            int id = i;
            threads[i] = Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                    body.accept(id);
                } catch (Throwable t) {
                    failures[id] = t;
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).containsOnlyNulls();
    }
}
