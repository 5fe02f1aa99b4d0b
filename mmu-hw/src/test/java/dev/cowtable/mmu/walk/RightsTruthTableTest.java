package dev.cowtable.mmu.walk;

import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every combination of P, R/W, U/S and XD at four levels, with every access, CR0.WP and EFER.NXE: 1.5 million. */
class RightsTruthTableTest {
    private static final int[] ACCESSES = {Access.READ, Access.WRITE, Access.FETCH, Access.USER,
            Access.USER | Access.WRITE, Access.USER | Access.FETCH};
    private static final long[] TABLE = new long[5];

    @ParameterizedTest
    @EnumSource
    void walkAgreesWithThePredictorForEveryCombination(TlbPolicy policy) {
        Machine machine = Machine.builder().tlbPolicy(policy).build();
        Cpu cpu = machine.cpu(0);
        PageTables tables = new PageTables(machine);
        for (int level = 1; level <= 4; level++) {
            TABLE[level] = tables.entryPaddr(VADDR, level);
        }
        long[] address = new long[5];
        for (int level = 2; level <= 4; level++) {
            address[level] = tables.get(VADDR, level) & ~0xfffL;
        }
        address[1] = 0x34_5000;
        cpu.movToCr3(tables.root());
        long checked = 0;
        for (int mode = 0; mode < 4; mode++) {
            cpu.movToCr0((mode & 1) != 0 ? cpu.cr0() | Cr0.WP : cpu.cr0() & ~Cr0.WP);
            cpu.writeEfer((mode & 2) != 0 ? cpu.efer() | Efer.NXE : cpu.efer() & ~Efer.NXE);
            for (int combination = 0; combination < 1 << 16; combination++) {
                writeEntries(machine, address, combination);
                cpu.invlpg(VADDR);
                for (int access : ACCESSES) {
                    checked++;
                    long expected = predict(combination, access, (mode & 1) != 0, (mode & 2) != 0);
                    long got = cpu.translate(VADDR, access);
                    if (got != expected) {
                        assertThat(Fault.describe(got)).as("combination %x access %x mode %d", combination, access,
                                mode).isEqualTo(Fault.describe(expected));
                    }
                }
            }
        }
        assertThat(checked).isEqualTo(6 * 4 * 65_536);
    }

    /** Four bits per level, PTE lowest: P, R/W, U/S, XD. */
    private static void writeEntries(Machine machine, long[] address, int combination) {
        for (int level = 1; level <= 4; level++) {
            int bits = (combination >> (4 * (level - 1))) & 15;
            long entry = address[level] + (bits & 7) + ((bits & 8) != 0 ? Long.MIN_VALUE : 0);
            machine.memory().write(TABLE[level], entry);
        }
    }

    private static long predict(int combination, int access, boolean wp, boolean nxe) {
        boolean write = access == 2 || access == 6;
        boolean user = access >= 4 && access != 16;
        boolean fetch = access >= 16;
        int code = (write ? 2 : 0) | (user ? 4 : 0) | (fetch && nxe ? 16 : 0);
        String[] levels = {nibble(combination, 3), nibble(combination, 2), nibble(combination, 1),
                nibble(combination, 0)};
        boolean anyReadOnly = false;
        boolean anySupervisor = false;
        boolean anyDisabled = false;
        for (String level : levels) {
            if (level.charAt(3) == '0') {
                return Fault.pageFault(code);
            }
            if (level.charAt(0) == '1' && !nxe) {
                return Fault.pageFault(code | 9);
            }
            anyReadOnly |= level.charAt(2) == '0';
            anySupervisor |= level.charAt(1) == '0';
            anyDisabled |= level.charAt(0) == '1';
        }
        if ((user && anySupervisor) || (fetch && anyDisabled)) {
            return Fault.pageFault(code | 1);
        }
        if (write && anyReadOnly && (user || wp)) {
            return Fault.pageFault(code | 1);
        }
        return 0x34_5000;
    }

    private static final String[] NIBBLES = {"0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000",
            "1001", "1010", "1011", "1100", "1101", "1110", "1111"};

    private static String nibble(int combination, int index) {
        return NIBBLES[(combination >> (4 * index)) & 15];
    }
}
