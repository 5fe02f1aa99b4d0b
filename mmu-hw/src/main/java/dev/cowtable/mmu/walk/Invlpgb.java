package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.PagingStructureCache;
import dev.cowtable.mmu.tlb.Tlb;

/**
 * One broadcast invalidation as INVLPGB's registers describe it (APM volume 3).
 *
 * <pre>
 *  rAX: 63..12 linear address; 4 final translation only; 3 global translations too; 1 PCID valid; 0 address valid
 *  ECX: 31 stride 2 MiB; 15..0 number of further pages
 *  EDX: 27..16 PCID
 * </pre>
 *
 * <p>Differs: ASIDs are not modelled, so rAX[2] and EDX[15:0] must be 0, as must the nested-translation bit 5.
 */
public record Invlpgb(long rax, int ecx, int edx) {
    /** rAX[0]: only the pages of the address, not everything. */
    public static final long ADDRESS = 1L;
    /** rAX[1]: only of one PCID, not of all. */
    public static final long PCID = 1L << 1;
    /** rAX[3]: global translations too. */
    public static final long GLOBAL = 1L << 3;
    /** rAX[4]: the structure entries may stay. */
    public static final long FINAL_ONLY = 1L << 4;

    private static final long FLAGS = ADDRESS | PCID | GLOBAL | FINAL_ONLY;
    private static final int STRIDE_2M = 1 << 31;
    private static final int COUNT = 0xffff;
    private static final int PCID_SHIFT = 16;

    /** False: #GP. */
    public boolean isAccepted(ControlRegisters registers) {
        boolean addressIsBad = has(ADDRESS) && !Paging.isCanonical(vaddr(), registers.levels());
        boolean pcidIsBad = has(PCID) && pcid() != 0 && !registers.hasCr4(Cr4.PCIDE);
        return (rax & Paging.OFFSET_MASK & ~FLAGS) == 0 && (ecx & ~(STRIDE_2M | COUNT)) == 0
                && (edx & ~(0xfff << PCID_SHIFT)) == 0 && !addressIsBad && !pcidIsBad;
    }

    long vaddr() {
        return rax & ~Paging.OFFSET_MASK;
    }

    int pcid() {
        return edx >>> PCID_SHIFT;
    }

    void applyTo(Tlb tlb, PagingStructureCache structures) {
        if (has(ADDRESS)) {
            dropPages(tlb);
        } else if (has(PCID)) {
            tlb.invalidatePcid(pcid(), has(GLOBAL));
        } else {
            tlb.invalidateAll(has(GLOBAL));
        }
        if (has(FINAL_ONLY)) {
            return;
        }
        if (has(PCID)) {
            structures.invalidatePcid(pcid());
        } else {
            structures.invalidateAll();
        }
    }

    private void dropPages(Tlb tlb) {
        long stride = (ecx & STRIDE_2M) != 0 ? Paging.sizeBytes(2) : Paging.PAGE_BYTES;
        for (int i = 0; i <= (ecx & COUNT); i++) {
            long page = vaddr() + i * stride;
            if (has(PCID)) {
                tlb.invalidate(page, pcid(), has(GLOBAL));
            } else {
                tlb.invalidateInEveryPcid(page, has(GLOBAL));
            }
        }
    }

    private boolean has(long flag) {
        return (rax & flag) != 0;
    }
}
