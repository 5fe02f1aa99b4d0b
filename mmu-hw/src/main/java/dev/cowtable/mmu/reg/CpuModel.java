package dev.cowtable.mmu.reg;

/**
 * What CPUID tells about a CPU's paging unit.
 *
 * <p>Differs: SMEP, SMAP, PKU, PKS, PCID and INVPCID are always there; software that wants them switches them on in CR4.
 *
 * @param maxPhyAddr physical-address width M, 36 to 52 (CPUID 80000008 EAX[7:0]); entry bits 51..M are reserved
 * @param gigabytePages CPUID 80000001 EDX[26]; without, PS in a PDPTE is reserved
 * @param la57 CPUID 7.0 ECX[16]: 5-level paging can be chosen when the CPU starts
 * @param invlpgb CPUID 80000008 EBX[3]: INVLPGB and TLBSYNC
 */
public record CpuModel(Vendor vendor, int maxPhyAddr, boolean gigabytePages, boolean la57, boolean invlpgb) {
    private static final int LEAST_WIDTH = 36;
    private static final int GREATEST_WIDTH = 52;

    /** An Intel CPU with 52 physical address bits, 1 GiB pages and 5-level paging. */
    public static final CpuModel INTEL = new CpuModel(Vendor.INTEL, GREATEST_WIDTH, true, true, false);
    /** An AMD CPU with 52 physical address bits, 1 GiB pages, 5-level paging and INVLPGB. */
    public static final CpuModel AMD = new CpuModel(Vendor.AMD, GREATEST_WIDTH, true, true, true);

    /** Refuses a width that no CPU has. */
    public CpuModel {
        if (maxPhyAddr < LEAST_WIDTH || maxPhyAddr > GREATEST_WIDTH) {
            throw new IllegalArgumentException("MAXPHYADDR " + maxPhyAddr + " is not " + LEAST_WIDTH + " to "
                    + GREATEST_WIDTH);
        }
    }

    public CpuModel withMaxPhyAddr(int bits) {
        return new CpuModel(vendor, bits, gigabytePages, la57, invlpgb);
    }

    public CpuModel withGigabytePages(boolean supported) {
        return new CpuModel(vendor, maxPhyAddr, supported, la57, invlpgb);
    }
}
