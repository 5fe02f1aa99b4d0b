package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;

/** Gives a shape its address bits, and changes in it what the guest cannot do otherwise. */
final class VectorPlacer {
    private static final int IMPLICIT_BYTES = 8;
    /** An interrupt pushes 40 bytes, downwards from the 8 tested ones, which end at a multiple of 16. */
    private static final long LOWEST_PUSH_OFFSET = 0x28;
    private static final long HIGHEST_PUSH_OFFSET = 0xfe8;
    private static final int PUSH_ALIGNMENT = 16;
    private static final int KEYS = 16;

    private final CpuModel model;
    private final int topLevel;
    private final PhysicalPlan plan;

    VectorPlacer(CpuModel model, PhysicalPlan plan) {
        this.model = model;
        this.plan = plan;
        topLevel = VectorInput.topLevel(model);
    }

    PlacedVector place(VectorInput shape, int slot) {
        long[] entries = new long[VectorInput.LEVELS + 1];
        int lastLevel = topLevel;
        while (!endsWalk(shape.entry(lastLevel), lastLevel)) {
            entries[lastLevel] = shape.entry(lastLevel) | plan.tablePaddr(slot, lastLevel - 1);
            lastLevel--;
        }
        long leaf = shape.entry(lastLevel);
        entries[lastLevel] = leaf;
        long vaddr = vaddr(shape);
        long targetPaddr = PlacedVector.NONE;
        if (Entry.isPresent(leaf)) {
            long framePaddr = framePaddr(shape, slot, lastLevel);
            entries[lastLevel] |= framePaddr;
            vaddr = lastLevel > 1 ? hit(vaddr, shape.access(), slot, lastLevel) : vaddr;
            targetPaddr = framePaddr | vaddr & Paging.sizeBytes(lastLevel) - 1;
        }
        int leafKey = (int) ((leaf & Entry.KEY_MASK) >>> Entry.KEY_SHIFT);
        int ownKey = shape.pks() ? freeKey(shape.pkrs(), leafKey) : 0;
        int pkrs = shape.pks() ? shape.pkrs() & ~(3 << 2 * ownKey) : shape.pkrs();
        VectorInput input = changed(shape, vaddr, pkrs, entries);
        return new PlacedVector(input, slot, lastLevel, reservedLevel(input, lastLevel), targetPaddr, ownKey);
    }

    private static boolean endsWalk(long entry, int level) {
        return !Entry.isPresent(entry) || level == 1 || level <= 3 && Entry.isPageSize(entry);
    }

    /**
     * Why: the guest's implicit accesses are a descriptor's 8 bytes and the first push of an interrupt, whose stack pointer lies 8 bytes
     * above it and must be canonical too.
     */
    private static long vaddr(VectorInput shape) {
        long page = shape.va() & -Paging.PAGE_BYTES;
        long offset = shape.va() & Paging.OFFSET_MASK;
        return switch (shape.access()) {
            case KR -> page | Math.min(offset, Paging.PAGE_BYTES - IMPLICIT_BYTES);
            case KW -> page | Math.clamp(offset & -PUSH_ALIGNMENT | IMPLICIT_BYTES, LOWEST_PUSH_OFFSET,
                    HIGHEST_PUSH_OFFSET);
            default -> shape.va();
        };
    }

    private long framePaddr(VectorInput shape, int slot, int level) {
        boolean code = shape.access() == VectorAccess.X;
        long chunkPaddr = plan.largeChunkPaddr(plan.region(slot), PhysicalPlan.bank(slot), code);
        return switch (level) {
            case 1 -> plan.smallPagePaddr(slot, code);
            case 2 -> chunkPaddr;
            default -> chunkPaddr & -Paging.sizeBytes(level);
        };
    }

    /** The address that falls on a page of the region's chunk; no other data access of the bank gets that page. */
    private long hit(long vaddr, VectorAccess access, int slot, int level) {
        int bank = PhysicalPlan.bank(slot);
        boolean code = access == VectorAccess.X;
        int page = Paging.index(vaddr, 1);
        if (!code) {
            page = plan.takePage(bank, plan.region(slot), page);
        }
        long chunkPaddr = plan.largeChunkPaddr(plan.region(slot), bank, code);
        long within = level == 3 ? chunkPaddr & Paging.sizeBytes(level) - Paging.sizeBytes(2)
                : vaddr & Paging.sizeBytes(3) - Paging.sizeBytes(2);
        return vaddr & -Paging.sizeBytes(3) | within | (long) page << Paging.PAGE_SHIFT | vaddr & Paging.OFFSET_MASK;
    }

    /** Why: CR4.PKS is on while the guest itself reads tables and takes the fault; some key must let it. */
    private static int freeKey(int pkrs, int leafKey) {
        for (int key = 0; key < KEYS; key++) {
            if (key != leafKey && (pkrs >>> 2 * key & 3) == 0) {
                return key;
            }
        }
        return leafKey == 0 ? 1 : 0;
    }

    private VectorInput changed(VectorInput shape, long vaddr, int pkrs, long[] entries) {
        int sizeBytes = shape.access().isImplicit() ? IMPLICIT_BYTES : shape.sizeBytes();
        return new VectorInput(shape.number(), shape.cpl(), shape.wp(), shape.nxe(), shape.smep(), shape.smap(),
                shape.ac(), shape.pke(), shape.pkru(), shape.pks(), pkrs, shape.access(), sizeBytes, vaddr, entries);
    }

    private int reservedLevel(VectorInput input, int lastLevel) {
        for (int level = topLevel; level >= lastLevel; level--) {
            long entry = input.entry(level);
            if (Entry.isPresent(entry) && (entry & reservedBits(level, entry, input.nxe())) != 0) {
                return level;
            }
        }
        return PlacedVector.NONE;
    }

    private long reservedBits(int level, long entry, boolean nxe) {
        long bits = Entry.ADDRESS_MASK & -(1L << model.maxPhyAddr()) | (nxe ? 0 : Entry.XD);
        if (level >= 4) {
            return bits | Entry.PS;
        }
        boolean large = level > 1 && Entry.isPageSize(entry);
        return large ? bits | Paging.sizeBytes(level) - (Entry.LARGE_PAT << 1) : bits;
    }
}
