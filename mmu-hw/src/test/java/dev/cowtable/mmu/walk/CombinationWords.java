package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.SlowTranslator;
import java.util.Locale;

/** A combination of access, control bits and entries, for the reader of a failed enumeration. */
final class CombinationWords {
    private static final String[] LOW_BITS = {"P", "RW", "US", "PWT", "PCD", "A", "D", "PS", "G"};
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private CombinationWords() {
    }

    static String access(AccessKind kind, long vaddr, SlowTranslator.State state) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " at " + Long.toHexString(vaddr) + ": "
                + (state.amd ? "AMD" : "Intel") + " M=" + state.maxPhyAddr + " levels=" + state.levels
                + " 1G=" + number(state.gigabytePages) + " WP=" + number(state.wp) + " NXE=" + number(state.nxe)
                + " SMEP=" + number(state.smep) + " SMAP=" + number(state.smap) + " AC=" + number(state.ac)
                + " PKE=" + number(state.pke) + " PKRU=" + Integer.toHexString(state.pkru)
                + " PKS=" + number(state.pks) + " PKRS=" + Integer.toHexString(state.pkrs);
    }

    private static int number(boolean bit) {
        return bit ? 1 : 0;
    }

    static String entry(long entry, int level) {
        StringBuilder words = new StringBuilder(Long.toHexString(entry)).append(" =");
        for (int bit = 0; bit < LOW_BITS.length; bit++) {
            if ((entry >> bit & 1) != 0) {
                words.append(' ').append(level == 1 && bit == 7 ? "PAT" : LOW_BITS[bit]);
            }
        }
        words.append((entry >> 63 & 1) != 0 ? " XD" : "");
        return words + " key " + (entry >>> 59 & 15) + " address " + Long.toHexString(entry & ADDRESS);
    }
}
