package dev.cowtable.mmu.walk;

import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.SlowTranslator;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The walker and the slow translator agree on result, error code and memory for arbitrary entry bits. */
class RandomEntriesTest {
    private static final long RIGHTS = Entry.P | Entry.RW | Entry.US;

    @Property(tries = 20_000)
    void fastWalkerEqualsSlowTranslator(@ForAll @Size(4) long[] bits, @ForAll @IntRange(max = 0xffff) int permissive,
            @ForAll @IntRange(max = 0xfff) int offset, @ForAll @IntRange(max = 5) int accessKind,
            @ForAll boolean wp, @ForAll boolean nxe, @ForAll boolean gigabytePages, @ForAll TlbPolicy policy) {
        Machine machine = Machine.builder().memoryBytes(1 << 20).tlbPolicy(policy).gigabytePages(gigabytePages)
                .build();
        PageTables tables = new PageTables(machine);
        Map<Long, Long> expectedMemory = new TreeMap<>();
        for (int level = 1; level <= 4; level++) {
            long paddr = tables.entryPaddr(VADDR, level);
            expectedMemory.put(paddr, 0L);
            machine.memory().write(paddr,
                    entry(machine.memory().read(paddr), bits[level - 1], (permissive >> (4 * (level - 1))) & 15,
                            level));
        }
        expectedMemory.replaceAll((paddr, none) -> machine.memory().read(paddr));
        Cpu cpu = machine.cpu(0);
        cpu.movToCr3(tables.root());
        cpu.setWriteProtect(wp);
        cpu.setExecuteDisableEnabled(nxe);
        int access = (accessKind >= 3 ? Access.USER : 0) | new int[] {0, Access.WRITE, Access.FETCH}[accessKind % 3];

        SlowTranslator.Outcome expected = new SlowTranslator(wp, nxe, gigabytePages).translate(machine.memory(),
                tables.root(), VADDR + offset, (access & 2) != 0, (access & 4) != 0, (access & 16) != 0);
        long got = cpu.translate(VADDR + offset, access);

        assertThat(Fault.describe(got)).isEqualTo(expected.vector() == 0 ? "no fault"
                : Fault.describe(Fault.pageFault(expected.errorCode())));
        if (expected.vector() == 0) {
            assertThat(got).isEqualTo(expected.paddr());
            assertThat(cpu.translate(VADDR + offset, access)).as("again, from the TLB").isEqualTo(got);
        }
        expectedMemory.putAll(expected.updates());
        expectedMemory.forEach((paddr, value) -> assertThat(machine.memory().read(paddr)).isEqualTo(value));
    }

    /** Random bits, made legal in part: bit 0 of the mask gives full rights, 1 no XD, 2 no PS, 3 no reserved bits. */
    private static long entry(long link, long bits, int permissive, int level) {
        long entry = bits;
        entry = (permissive & 1) != 0 ? entry | RIGHTS : entry | (Entry.P & -((bits >>> 60) & 1));
        entry = (permissive & 2) != 0 ? entry & ~Entry.XD : entry;
        entry = (permissive & 4) != 0 || (level == 4 && (bits & 0x600) != 0) ? entry & ~Entry.PS : entry;
        boolean table = level == 4 || (level > 1 && (entry & Entry.PS) == 0);
        if (table) {
            return (entry & ~Entry.ADDRESS_MASK) | Entry.paddr(link);
        }
        return (permissive & 8) != 0 ? entry & ~0x3fff_e000L : entry;
    }
}
