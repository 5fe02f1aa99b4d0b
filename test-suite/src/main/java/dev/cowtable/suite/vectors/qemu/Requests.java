package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;

/** Writes the guest's requests. */
final class Requests {
    /** PG, NE, ET, PE. */
    private static final long CR0 = Cr0.PG | 1 << 5 | 1 << 4 | Cr0.PE;
    private static final long RFLAGS = 2;
    private static final long RFLAGS_AC = 1 << 18;

    private final GuestMemory memory;
    private final AddressSpaces spaces;
    private final TargetMemory targets;
    private final long stubsPaddr;
    private final long baseCr4;

    Requests(GuestMemory memory, AddressSpaces spaces, TargetMemory targets, long stubsPaddr, long baseCr4) {
        this.memory = memory;
        this.spaces = spaces;
        this.targets = targets;
        this.stubsPaddr = stubsPaddr;
        this.baseCr4 = baseCr4;
    }

    void write(PlacedVector vector) {
        VectorInput input = vector.input();
        boolean user = input.cpl() == 3;
        long record = GuestLayout.recordPaddr(vector.slot());
        memory.store(record + GuestLayout.CR3, spaces.rootPaddr(vector.slot()));
        memory.store(record + GuestLayout.VADDR, input.va());
        memory.store(record + GuestLayout.VALUE, value(vector));
        memory.store(record + GuestLayout.CR4, cr4(input));
        memory.store(record + GuestLayout.CR0, CR0 | bit(input.wp(), Cr0.WP));
        memory.store(record + GuestLayout.EFER, Efer.LME | Efer.LMA | bit(input.nxe(), Efer.NXE));
        memory.store(record + GuestLayout.PKRU_PKRS, Integer.toUnsignedLong(input.pkru()) | (long) input.pkrs() << 32);
        memory.store(record + GuestLayout.RIP,
                (user ? spaces.userStubsVaddr() : stubsPaddr) + (long) stub(input) * GuestLayout.STUB_BYTES);
        memory.store(record + GuestLayout.CS, user ? GuestLayout.CODE_3 : GuestLayout.CODE_0);
        memory.store(record + GuestLayout.SS, user ? GuestLayout.DATA_3 : GuestLayout.DATA_0);
        memory.store(record + GuestLayout.RFLAGS, RFLAGS | bit(input.ac(), RFLAGS_AC));
        memory.store(record + GuestLayout.TABLE, table(input.access()));
    }

    /** Why: should a fetch run into empty RAM, whose zeros are a store through RAX, it faults there. */
    private long value(PlacedVector vector) {
        return vector.input().access() == VectorAccess.X ? spaces.unmappedVaddr() : targets.value(vector);
    }

    private long cr4(VectorInput input) {
        return baseCr4 & ~Cr4.PKE | bit(input.smep(), Cr4.SMEP) | bit(input.smap(), Cr4.SMAP)
                | bit(input.pke(), Cr4.PKE) | bit(input.pks(), Cr4.PKS);
    }

    private static int stub(VectorInput input) {
        int log2Size = Integer.numberOfTrailingZeros(input.sizeBytes());
        return switch (input.access()) {
            case R -> log2Size;
            case W -> GuestLayout.STORE_STUB + log2Size;
            case X -> GuestLayout.FETCH_STUB;
            case KR -> GuestLayout.LSL_STUB;
            case KW -> GuestLayout.INT_STUB;
        };
    }

    private static long table(VectorAccess access) {
        return switch (access) {
            case KR -> GuestLayout.LDT_AT_VADDR;
            case KW -> GuestLayout.STACK_AT_VADDR;
            default -> 0;
        };
    }

    private static long bit(boolean set, long bit) {
        return set ? bit : 0;
    }
}
