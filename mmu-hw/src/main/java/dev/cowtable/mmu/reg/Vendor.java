package dev.cowtable.mmu.reg;

/** Whose manual decides where the two differ. */
public enum Vendor {
    INTEL,
    AMD
}
