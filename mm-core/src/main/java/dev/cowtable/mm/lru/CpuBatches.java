package dev.cowtable.mm.lru;

import java.util.function.LongConsumer;

/** One CPU's batches: struct cpu_fbatches and mlock_fbatch. */
final class CpuBatches {
    static final Move[] MOVES = Move.values();

    final LocalLock lock = new LocalLock();
    // lock must be held when using these:
    /** By {@link Move}. */
    final FolioBatch[] moves = new FolioBatch[MOVES.length];
    /** Frame numbers with {@link MlockBatch}'s kind in the low bits. */
    final FolioBatch mlock = new FolioBatch();

    CpuBatches() {
        for (int i = 0; i < moves.length; i++) {
            moves[i] = new FolioBatch();
        }
    }

    /** Gives the page of every reference to {@code visitor}. */
    void forEachReference(LongConsumer visitor) {
        for (FolioBatch batch : moves) {
            for (int i = 0; i < batch.count(); i++) {
                visitor.accept(batch.folio(i));
            }
        }
        for (int i = 0; i < mlock.count(); i++) {
            visitor.accept(MlockBatch.pfn(mlock.folio(i)));
        }
    }

    /** What is done with the folios of a batch when it is emptied, in the order in which a drain does it. */
    enum Move {
        ADD,
        MOVE_TAIL,
        DEACTIVATE,
        LAZYFREE,
        ACTIVATE
    }
}
