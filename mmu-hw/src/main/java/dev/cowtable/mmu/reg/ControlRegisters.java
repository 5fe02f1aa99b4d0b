package dev.cowtable.mmu.reg;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;

/**
 * The values that control paging, and which values a CPU of the model in 64-bit mode accepts.
 *
 * <p>Initially CR0 = PE, WP, PG; CR4 = PAE, PGE (and LA57 with 5 levels); EFER = LME, LMA, NXE; all else 0.
 */
public final class ControlRegisters {
    /** MOV CR3, bit 63, while PCIDE=1: nothing need be invalidated. Never stored. */
    public static final long CR3_NO_FLUSH = 1L << 63;

    private static final long PCID_MASK = 0xfff;
    private static final long CR0_DEFINED = 0xe005_003fL;
    private static final long CR4_DEFINED = 0x03ff_7fffL;
    private static final long EFER_DEFINED = 0xfd01L;

    private final CpuModel model;
    private final long cr3Reserved;
    private long cr0 = Cr0.PE | Cr0.WP | Cr0.PG;
    private long cr3;
    private long cr4;
    private long efer = Efer.LME | Efer.LMA | Efer.NXE;
    private int pkru;
    private int pkrs;
    private boolean ac;

    public ControlRegisters(CpuModel model, int levels) {
        if (levels != Paging.TOP_LEVEL && (levels != Paging.MAX_LEVEL || !model.la57())) {
            throw new IllegalArgumentException(levels + " paging levels on " + model);
        }
        this.model = model;
        this.cr3Reserved = -1L << model.maxPhyAddr();
        this.cr4 = Cr4.PAE | Cr4.PGE | (levels == Paging.MAX_LEVEL ? Cr4.LA57 : 0);
    }

    public CpuModel model() {
        return model;
    }

    public int levels() {
        return has(cr4, Cr4.LA57) ? Paging.MAX_LEVEL : Paging.TOP_LEVEL;
    }

    // ---- what is accepted (SDM volume 2, MOV to control registers; volume 3, 4.10.4.1)

    /** PG and PE may not be cleared in 64-bit mode; what no manual defines must be 0. */
    public boolean acceptsCr0(long value) {
        return has(value, Cr0.PE | Cr0.PG) && (value & ~CR0_DEFINED) == 0;
    }

    public boolean acceptsCr3(long value) {
        long reserved = has(cr4, Cr4.PCIDE) ? cr3Reserved & ~CR3_NO_FLUSH : cr3Reserved;
        return (value & reserved) == 0;
    }

    /** PAE must stay set and LA57 as it is in 64-bit mode; PCIDE may be set only while CR3[11:0] is 0. */
    public boolean acceptsCr4(long value) {
        boolean setsPcide = has(value & ~cr4, Cr4.PCIDE);
        return has(value, Cr4.PAE) && !has(value ^ cr4, Cr4.LA57) && (value & ~CR4_DEFINED) == 0
                && !(setsPcide && (cr3 & PCID_MASK) != 0);
    }

    /** LME may not change while paging is on; LMA cannot be written and is ignored. */
    public boolean acceptsEfer(long value) {
        return has(value, Efer.LME) && (value & ~EFER_DEFINED) == 0;
    }

    // ---- values

    public long cr0() {
        return cr0;
    }

    public void setCr0(long value) {
        cr0 = value;
    }

    public long cr3() {
        return cr3;
    }

    public void setCr3(long value) {
        cr3 = value & ~CR3_NO_FLUSH;
    }

    public long cr4() {
        return cr4;
    }

    public void setCr4(long value) {
        cr4 = value;
    }

    public long efer() {
        return efer;
    }

    public void setEfer(long value) {
        efer = value | Efer.LMA;
    }

    public int pkru() {
        return pkru;
    }

    public void setPkru(int value) {
        pkru = value;
    }

    public int pkrs() {
        return pkrs;
    }

    public void setPkrs(int value) {
        pkrs = value;
    }

    /** EFLAGS.AC. */
    public boolean ac() {
        return ac;
    }

    public void setAc(boolean set) {
        ac = set;
    }

    // ---- what the values mean

    /** CR3[11:0] while CR4.PCIDE=1, else 0. */
    public int pcid() {
        return has(cr4, Cr4.PCIDE) ? (int) (cr3 & PCID_MASK) : 0;
    }

    /** Of the top table. */
    public long rootPaddr() {
        return Entry.paddr(cr3);
    }

    public boolean hasCr0(long bits) {
        return has(cr0, bits);
    }

    public boolean hasCr4(long bits) {
        return has(cr4, bits);
    }

    public boolean hasNxe() {
        return has(efer, Efer.NXE);
    }

    private static boolean has(long value, long bits) {
        return (value & bits) == bits;
    }
}
