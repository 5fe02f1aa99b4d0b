package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every legal combination of the flags that kvm-unit-tests' access test enumerates: a PTE's {RW, US, A, D, XD, P, 51,
 * 36}, a PDE's {RW, US, A, D, PS, XD, P, 51, 36, 13}, a read-only PDPTE, key 1, PKRU's AD and WD for it, user, write,
 * fetch, a read before the access, EFER.NXE, CR0.WP, CR4.PKE; beyond it CR4.SMEP with all of them, a read-only PML4E, a
 * read-only PML5E.
 *
 * <p>Legal: bits 51 and 36 from MAXPHYADDR up, bit 13 only with PS, at most one reserved bit (XD is one without NXE),
 * PKRU only with PKE, no fetch that writes.
 */
class EnumerationTest {
    private static final long VADDR = 0xffff_0000_0000_0000L | 292L << 39 | 3L << 30 | 5L << 21 | 6L << 12 | 0x123;
    private static final AccessKind[] KINDS = {AccessKind.SUPERVISOR_READ, AccessKind.SUPERVISOR_WRITE,
            AccessKind.SUPERVISOR_FETCH, AccessKind.USER_READ, AccessKind.USER_WRITE, AccessKind.USER_FETCH};
    /** In entries that map no page the key bits say nothing; here they name the key that PKRU forbids. */
    private static final long KEY_1 = 1L << 59;
    private static final long FULL = Entry.P | Entry.RW | Entry.US | Entry.A | KEY_1;
    private static final long RESERVED_51 = 1L << 51;
    private static final long RESERVED_36 = 1L << 36;
    private static final long RESERVED_13 = 1L << 13;
    private static final long RESERVED = RESERVED_51 | RESERVED_36 | RESERVED_13;
    private static final long[] PTE_BITS = {Entry.RW, Entry.US, Entry.A, Entry.D, Entry.XD, Entry.P, RESERVED_51,
            RESERVED_36};
    private static final long[] PDE_BITS = {Entry.RW, Entry.US, Entry.A, Entry.D, Entry.PS, Entry.XD, Entry.P,
            RESERVED_51, RESERVED_36, RESERVED_13};

    @ParameterizedTest(name = "M={0} levels={1} SMEP={2} read-only level {3}: {4}")
    @CsvSource({"40, 4, false, 0, 19169280", "40, 4, true, 0, 19169280", "40, 4, false, 4, 19169280",
            "36, 5, false, 5, 28999680", "52, 4, false, 0, 9338880"})
    void walkerEqualsSlowTranslatorForEveryCombination(int maxPhyAddr, int levels, boolean smep, int readOnlyLevel,
            long combinations) {
        CpuModel model = CpuModel.INTEL.withMaxPhyAddr(maxPhyAddr);
        TranslatorPair cold = TranslatorPair.of(model, levels, TlbPolicy.NONE);
        TranslatorPair warm = TranslatorPair.of(model, levels, TlbPolicy.REALISTIC);
        for (TranslatorPair pair : new TranslatorPair[] {cold, warm}) {
            pair.setVaddr(VADDR);
            pair.state.smep = smep;
            for (int level = 4; level <= levels; level++) {
                pair.entries[level] = pair.table(level, level == readOnlyLevel ? FULL & ~Entry.RW : FULL);
            }
            new Combinations(pair, pair == warm).allControls();
        }

        assertThat(cold.checks() + warm.checks()).isEqualTo(combinations);
    }

    /** Half of the combinations: those with, or those without, a read before the access. */
    private static final class Combinations {
        private final TranslatorPair pair;
        private final boolean readFirst;
        private final long[] pteFlags;
        private final long[] pdeFlags;

        Combinations(TranslatorPair pair, boolean readFirst) {
            this.pair = pair;
            this.readFirst = readFirst;
            this.pteFlags = sums(PTE_BITS);
            this.pdeFlags = sums(PDE_BITS);
        }

        /** All sums of the bits that are legal for this MAXPHYADDR; bit 13 only with PS. */
        private long[] sums(long[] bits) {
            return LongStream.range(0, 1L << bits.length)
                    .map(flags -> IntStream.range(0, bits.length).filter(i -> (flags >> i & 1) != 0)
                            .mapToLong(i -> bits[i]).sum())
                    .filter(entry -> (entry & RESERVED_51) == 0 || pair.state.maxPhyAddr <= 51)
                    .filter(entry -> (entry & RESERVED_36) == 0 || pair.state.maxPhyAddr <= 36)
                    .filter(entry -> (entry & RESERVED_13) == 0 || (entry & Entry.PS) != 0)
                    .toArray();
        }

        /** PKE with each value of PKRU's two bits for key 1, or without it and all keys forbidden in vain. */
        private void allControls() {
            for (int controls = 0; controls < 4; controls++) {
                pair.state.wp = (controls & 1) != 0;
                pair.state.nxe = (controls & 2) != 0;
                for (int pkru = -1; pkru < 4; pkru++) {
                    pair.state.pke = pkru >= 0;
                    pair.state.pkru = pkru >= 0 ? pkru << 2 : 0xffff_fffc;
                    pair.applyState();
                    allPdptesAndKeys();
                }
            }
        }

        private void allPdptesAndKeys() {
            for (int readOnly = 0; readOnly < 2; readOnly++) {
                pair.entries[3] = pair.table(3, readOnly == 1 ? FULL & ~Entry.RW : FULL);
                allPdes(0);
                allPdes(KEY_1);
            }
        }

        private void allPdes(long key) {
            for (long pde : pdeFlags) {
                boolean large = (pde & Entry.PS) != 0;
                pair.entries[2] = large ? pair.leaf(2, pde | key) : pair.table(2, pde | KEY_1);
                for (long pte : pteFlags) {
                    if (reservedBits(pde) + reservedBits(pte) <= 1) {
                        pair.entries[1] = pair.leaf(1, pte | key);
                        allAccesses();
                    }
                }
            }
        }

        private int reservedBits(long flags) {
            return Long.bitCount(flags & (pair.state.nxe ? RESERVED : RESERVED | Entry.XD));
        }

        private void allAccesses() {
            for (AccessKind kind : KINDS) {
                if (readFirst) {
                    pair.checkAfterRead(kind);
                } else {
                    pair.check(kind);
                }
            }
        }
    }
}
