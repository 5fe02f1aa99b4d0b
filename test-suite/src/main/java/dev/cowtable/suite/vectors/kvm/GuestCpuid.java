package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** What CPUID tells the guest: as KVM offers it, then as the wanted model has it. */
final class GuestCpuid {
    private static final int NO_LEAF = -1;
    private static final int EXTENDED = 0x8000_0000;
    private static final int EXTENDED_FEATURES = 0x8000_0001;
    private static final int ADDRESS_SIZES = 0x8000_0008;
    private static final int SMEP = 1 << 7;
    private static final int SMAP = 1 << 20;
    private static final int PKU = 1 << 3;
    private static final int NX = 1 << 20;
    private static final int GIGABYTE_PAGES = 1 << 26;
    private static final String AMD_NAME = "AuthenticAMD";
    private static final String INTEL_NAME = "GenuineIntel";

    private final MemorySegment leaves;

    /** Wraps kvm_cpuid2. */
    GuestCpuid(MemorySegment leaves) {
        this.leaves = leaves;
    }

    MemorySegment segment() {
        return leaves;
    }

    Vendor vendor() {
        return register(0, KvmAbi.CPUID_EBX_AT) == word(AMD_NAME, 0) ? Vendor.AMD : Vendor.INTEL;
    }

    int maxPhyAddr() {
        return register(ADDRESS_SIZES, KvmAbi.CPUID_EAX_AT) & 0xff;
    }

    boolean hasNx() {
        return (register(EXTENDED_FEATURES, KvmAbi.CPUID_EDX_AT) & NX) != 0;
    }

    boolean hasGigabytePages() {
        return (register(EXTENDED_FEATURES, KvmAbi.CPUID_EDX_AT) & GIGABYTE_PAGES) != 0;
    }

    boolean hasSmep() {
        return (register(7, KvmAbi.CPUID_EBX_AT) & SMEP) != 0;
    }

    boolean hasSmap() {
        return (register(7, KvmAbi.CPUID_EBX_AT) & SMAP) != 0;
    }

    boolean hasPku() {
        return (register(7, KvmAbi.CPUID_ECX_AT) & PKU) != 0;
    }

    void set(CpuModel model) {
        boolean amd = model.vendor() == Vendor.AMD;
        setName(0, amd ? AMD_NAME : INTEL_NAME);
        setName(EXTENDED, amd ? AMD_NAME : "\0".repeat(INTEL_NAME.length()));
        replace(ADDRESS_SIZES, KvmAbi.CPUID_EAX_AT, 0xff, model.maxPhyAddr());
        replace(EXTENDED_FEATURES, KvmAbi.CPUID_EDX_AT, GIGABYTE_PAGES, model.gigabytePages() ? GIGABYTE_PAGES : 0);
    }

    private void setName(int leaf, String name) {
        replace(leaf, KvmAbi.CPUID_EBX_AT, -1, word(name, 0));
        replace(leaf, KvmAbi.CPUID_EDX_AT, -1, word(name, 4));
        replace(leaf, KvmAbi.CPUID_ECX_AT, -1, word(name, 8));
    }

    private static int word(String name, int at) {
        return ByteBuffer.wrap(name.getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
    }

    private void replace(int leaf, int registerAt, int mask, int value) {
        long at = find(leaf);
        if (at != NO_LEAF) {
            int old = leaves.get(ValueLayout.JAVA_INT, at + registerAt);
            leaves.set(ValueLayout.JAVA_INT, at + registerAt, old & ~mask | value);
        }
    }

    private int register(int leaf, int registerAt) {
        long at = find(leaf);
        return at == NO_LEAF ? 0 : leaves.get(ValueLayout.JAVA_INT, at + registerAt);
    }

    private long find(int leaf) {
        int nrLeaves = leaves.get(ValueLayout.JAVA_INT, 0);
        for (int i = 0; i < nrLeaves; i++) {
            long at = KvmAbi.CPUID_HEADER_BYTES + (long) i * KvmAbi.CPUID_ENTRY_BYTES;
            if (leaves.get(ValueLayout.JAVA_INT, at) == leaf
                    && leaves.get(ValueLayout.JAVA_INT, at + KvmAbi.CPUID_INDEX_AT) == 0) {
                return at;
            }
        }
        return NO_LEAF;
    }
}
