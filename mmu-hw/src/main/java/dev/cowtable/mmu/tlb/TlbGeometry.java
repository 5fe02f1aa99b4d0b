package dev.cowtable.mmu.tlb;

/**
 * Sizes of the caches of a CPU under {@link TlbPolicy#REALISTIC}.
 *
 * @param pages4K entries for 4 KiB pages
 * @param pages2M entries for 2 MiB pages
 * @param pages1G entries for 1 GiB pages
 * @param pde PDE cache
 * @param pdpte PDPTE cache
 * @param pml4e PML4E and PML5E caches, each
 */
public record TlbGeometry(Size pages4K, Size pages2M, Size pages1G, Size pde, Size pdpte, Size pml4e) {
    /** 2048, 32 and 8 translations; 32, 16 and 4 structure entries. */
    public static final TlbGeometry DEFAULT = new TlbGeometry(new Size(512, 4), new Size(8, 4), new Size(2, 4),
            new Size(8, 4), new Size(4, 4), new Size(1, 4));

    /** Sets, a power of two, of 1 to 32 ways each. */
    public record Size(int sets, int ways) {
        /** Refuses what no index can be cut for. */
        public Size {
            if (Integer.bitCount(sets) != 1 || sets < 0 || ways < 1 || ways > Integer.SIZE) {
                throw new IllegalArgumentException(sets + " sets of " + ways + " ways");
            }
        }
    }

    /** Of the store that holds translations of pages of the level. */
    Size translations(int level) {
        return switch (level) {
            case 1 -> pages4K;
            case 2 -> pages2M;
            default -> pages1G;
        };
    }

    /** Of the store that holds structure entries of the level. */
    Size structures(int level) {
        return switch (level) {
            case 2 -> pde;
            case 3 -> pdpte;
            default -> pml4e;
        };
    }
}
