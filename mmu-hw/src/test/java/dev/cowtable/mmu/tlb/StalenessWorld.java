package dev.cowtable.mmu.tlb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.LegalTranslations.Leaf;
import dev.cowtable.mmu.tlb.LegalTranslations.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Twelve pages, two of each kind of table that any entry may point to, two CPUs, PCIDs 1 and 2 with a root each; and
 * beside each CPU what it may use ({@link LegalTranslations}) and what it was seen to fill.
 *
 * <p>Frames: roots 1, 2; PDPTs 3, 4; PDs 5, 6; PTs 7, 8. Every third page is global wherever it is mapped.
 */
final class StalenessWorld implements MmuListener {
    static final int PAGES = 12;
    private static final long BASE = 130L << 39;

    private final List<Long> pages = new ArrayList<>();
    private final Vendor vendor;
    private final TlbPolicy policy;
    private final boolean watched;
    private final Machine machine;
    private final PhysicalMemory memory;
    private final LegalTranslations[] legal = new LegalTranslations[2];
    private final List<Set<Leaf>> held = List.of(new HashSet<>(), new HashSet<>());
    private long nextFrame = 0x100;

    /** A machine that is not watched may take short cuts, and its fills are not checked. */
    StalenessWorld(Vendor vendor, TlbPolicy policy, boolean watched) {
        this.vendor = vendor;
        this.policy = policy;
        Machine.Builder builder = Machine.builder().cpus(2).memoryBytes(1L << 40).tlbPolicy(policy)
                .model(vendor == Vendor.AMD ? CpuModel.AMD : CpuModel.INTEL);
        this.machine = (watched ? builder.listener(this) : builder).build();
        this.watched = watched;
        this.memory = machine.memory();
        for (int i = 0; i < PAGES; i++) {
            pages.add(BASE + ((long) (i / 6) << 30) + ((long) (i / 3 % 2) << 21) + ((long) (i % 3) << 12));
        }
        for (int cpu = 0; cpu < 2; cpu++) {
            legal[cpu] = new LegalTranslations(memory, pages, policy != TlbPolicy.NONE);
            Modes.setCr4(machine.cpu(cpu), Cr4.PCIDE);
            movToCr3(cpu, 1, true);
        }
    }

    long page(int index) {
        return pages.get(index);
    }

    // ---- memory

    private static long flags(Random random) {
        long rights = random.nextLong() & (Entry.A | Entry.D);
        return rights | (random.nextInt(6) == 0 ? 0 : Entry.P) | (random.nextInt(3) == 0 ? 0 : Entry.RW)
                | (random.nextInt(4) == 0 ? 0 : Entry.US) | (random.nextInt(4) == 0 ? Entry.XD : 0);
    }

    void writePte(Random random) {
        int index = random.nextInt(3);
        write((7 + random.nextInt(2)) << 12 | index << 3,
                nextFrame++ << 12 | flags(random) | (index == 2 ? Entry.G : 0));
    }

    /** A PDE (which may map 2 MiB), a PDPTE or a PML4E, pointing to either of the two tables below. */
    void writeUpperEntry(Random random) {
        int kind = random.nextInt(6);
        int which = random.nextInt(2);
        int slot = random.nextInt(2) << 3;
        long flags = flags(random) | (random.nextInt(3) == 0 ? 0 : Entry.P | Entry.RW | Entry.US);
        if (kind == 0) {
            write((5 + which) << 12 | slot, nextFrame++ << 21 | flags | Entry.PS);
        } else if (kind < 3) {
            write((5 + which) << 12 | slot, (7L + random.nextInt(2)) << 12 | flags);
        } else if (kind < 5) {
            write((3 + which) << 12 | slot, (5L + random.nextInt(2)) << 12 | flags);
        } else {
            write((1 + which) << 12 | 130 << 3, (3L + random.nextInt(2)) << 12 | flags);
        }
    }

    private void write(long paddr, long entry) {
        memory.write(paddr, entry);
        legal[0].observe();
        legal[1].observe();
    }

    // ---- accesses

    void access(int id, long vaddr, int access) {
        Cpu cpu = machine.cpu(id);
        Leaf known = watched && policy == TlbPolicy.ADVERSARIAL ? heldFor(id, vaddr) : null;
        long walks = cpu.counters().walks();
        long result = cpu.translation(vaddr, access);
        if (Fault.isFault(result)) {
            checkFault(id, vaddr, access, result);
            Predicate<Leaf> gone = leaf -> leaf.covers(vaddr) && leaf.isUsable(legal[id].pcid());
            held.get(id).removeIf(gone);
            legal[id].dropFaulting(vaddr, gone);
        } else {
            Leaf used = leaf(known == null ? legal[id].pcid() : known.pcid(), vaddr, result);
            boolean isLegal = legal[id].anyLeaf(vaddr, leaf -> sameButPcid(leaf, used));
            assertThat(isLegal && permits(used, access)).as("%s used for %x", used, access).isTrue();
            assertThat((access & Access.WRITE) == 0 || (result & Translation.DIRTY) != 0).as("D").isTrue();
        }
        if (known != null) {
            checkKnown(known, vaddr, access, result, cpu.counters().walks() - walks);
        }
    }

    /** A held page that allows the access is used; else it is believed on Intel and looked at again on AMD. */
    private void checkKnown(Leaf known, long vaddr, int access, long result, long walks) {
        if (!permits(known, access)) {
            assertThat(walks).isEqualTo(vendor == Vendor.INTEL ? 0 : 1);
            assertThat(Fault.isFault(result) || vendor == Vendor.AMD).isTrue();
        } else if (walks == 0) {
            assertThat(leaf(known.pcid(), vaddr, result)).as("the one that is held").isEqualTo(known);
        } else {
            assertThat(access & Access.WRITE).as("only a write walks, to set D").isNotZero();
        }
    }

    private void checkFault(int id, long vaddr, int access, long fault) {
        boolean present = (Fault.errorCode(fault) & Fault.PRESENT) != 0;
        boolean justified = present ? legal[id].anyLeaf(vaddr, leaf -> !permits(leaf, access))
                : legal[id].mayFindNothing(vaddr);
        assertThat(justified).as("CPU %d %s at %x", id, Fault.describe(fault), vaddr).isTrue();
    }

    private static boolean sameButPcid(Leaf a, Leaf b) {
        return a.level() == b.level() && a.frame() == b.frame() && a.rights() == b.rights()
                && a.global() == b.global();
    }

    /** With WP=1, NXE=1 and neither SMEP nor SMAP nor keys. */
    private static boolean permits(Leaf leaf, int access) {
        return ((access & Access.USER) == 0 || (leaf.rights() & 2) != 0)
                && ((access & Access.WRITE) == 0 || (leaf.rights() & 1) != 0)
                && ((access & Access.FETCH) == 0 || (leaf.rights() & 4) != 0);
    }

    private @Nullable Leaf heldFor(int id, long vaddr) {
        Leaf best = null;
        for (Leaf leaf : held.get(id)) {
            if (leaf.covers(vaddr) && leaf.isUsable(legal[id].pcid()) && (best == null || leaf.level() == 1)) {
                best = leaf;
            }
        }
        return best;
    }

    void prefetch(int id, long vaddr) {
        machine.cpu(id).prefetch(vaddr);
    }

    // ---- invalidations

    private void drop(int id, Predicate<Leaf> gone, Predicate<Integer> goneSteps) {
        held.get(id).removeIf(gone);
        legal[id].drop(gone, goneSteps);
    }

    void invlpg(int id, long vaddr) {
        int current = legal[id].pcid();
        machine.cpu(id).invlpg(vaddr);
        drop(id, leaf -> leaf.covers(vaddr) && leaf.isUsable(current), pcid -> pcid == current);
    }

    void invpcid(int id, int type, int of, long vaddr) {
        assertThat(machine.cpu(id).invpcid(type, of, vaddr)).isZero();
        switch (type) {
            case 0 -> drop(id, leaf -> leaf.covers(vaddr) && !leaf.global() && leaf.pcid() == of, pcid -> pcid == of);
            case 1 -> drop(id, leaf -> !leaf.global() && leaf.pcid() == of, pcid -> pcid == of);
            case 2 -> drop(id, leaf -> true, pcid -> true);
            default -> drop(id, leaf -> !leaf.global(), pcid -> true);
        }
    }

    void movToCr3(int id, int pcid, boolean keep) {
        long operand = (long) pcid << 12 | pcid | (keep ? ControlRegisters.CR3_NO_FLUSH : 0);
        assertThat(machine.cpu(id).movToCr3(operand)).isZero();
        legal[id].select(pcid, (long) pcid << 12);
        drop(id, leaf -> !keep && !leaf.global() && leaf.pcid() == pcid, old -> !keep && old == pcid);
    }

    // ---- fills

    private static Leaf leaf(int pcid, long vaddr, long translation) {
        int level = Translation.level(translation);
        int rights = (int) (translation & (Translation.WRITABLE | Translation.USER)) >>> 1
                | ((translation & Translation.EXECUTABLE) != 0 ? 4 : 0);
        return new Leaf(pcid, level, vaddr & -(1L << (3 + 9 * level)), Translation.paddr(translation), rights,
                (translation & Translation.GLOBAL) != 0);
    }

    @Override
    public void tlbFilled(int cpu, int pcid, long vaddr, long translation) {
        Leaf filled = leaf(pcid, vaddr, translation);
        assertThat(pcid).isEqualTo(legal[cpu].pcid());
        assertThat(legal[cpu].allows(filled)).as("fill of " + filled).isTrue();
        held.get(cpu).removeIf(old -> old.page() == filled.page() && old.level() == filled.level()
                && (old.pcid() == pcid || old.global()));
        held.get(cpu).add(filled);
    }

    @Override
    public void structureFilled(int cpu, int pcid, long vaddr, long translation) {
        Leaf step = leaf(pcid, vaddr, translation);
        assertThat(legal[cpu].allowsStep(vaddr, step.level(), new Step(step.frame(), step.rights())))
                .as("step %x under %d at %x", translation, pcid, vaddr).isTrue();
    }

    /** What is held was filled and not dropped; under the policy that never evicts, all of it. */
    void checkHeld() {
        for (int id = 0; watched && id < 2; id++) {
            Set<Leaf> found = new HashSet<>();
            machine.cpu(id).forEachTlbEntry((pcid, page, sizeBytes, pfn, writable, user, executable, dirty,
                    global) -> found.add(new Leaf(pcid, sizeBytes == 4096 ? 1 : 2, page, pfn << 12,
                            (writable ? 1 : 0) | (user ? 2 : 0) | (executable ? 4 : 0), global)));
            if (policy == TlbPolicy.ADVERSARIAL) {
                assertThat(found).isEqualTo(held.get(id));
            } else {
                assertThat(held.get(id)).containsAll(found);
            }
        }
    }
}
