package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.SlowTranslator;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.tlb.Translation;
import java.util.function.LongUnaryOperator;

/**
 * An emulated CPU and the slow translator over one path of page tables, asked the same question again and again.
 *
 * <p>The caller sets {@link #state}, calls {@link #applyState}, fills {@link #entries} and calls one of the checks; a
 * difference is an {@link AssertionError} that tells the combination in words. No allocation per check.
 */
final class TranslatorPair {
    static final int MAX_LEVEL = 5;
    /** Table frames by level, with address bits from 35 down to 12 all used by some. */
    private static final long[] TABLES = {0, 0x5_5555_5000L, 0xa_aaaa_a000L, 0xc_0f0f_0000L, 0x3_cccc_c000L,
            0x9_6a5b_1000L};
    static final int MEMORY_BITS = 36;
    private static final long TARGET = 0xa_5a5a_5a5a_5000L;

    final SlowTranslator.State state = new SlowTranslator.State();
    /** By level; what memory holds before each check. */
    final long[] entries = new long[MAX_LEVEL + 1];
    final SlowTranslator slow = new SlowTranslator();

    private final PhysicalMemory memory;
    private final Cpu cpu;
    private final LongUnaryOperator reader;
    private final long[] slots = new long[MAX_LEVEL + 1];
    private long vaddr;
    private long checks;

    /** The levels, and the CPU's properties, are those of the state that {@code of} made. */
    private TranslatorPair(Machine machine) {
        this.memory = machine.memory();
        this.cpu = machine.cpu(0);
        this.reader = memory::read;
    }

    static TranslatorPair of(CpuModel model, int levels, TlbPolicy policy) {
        Machine machine = Machine.builder().memoryBytes(1L << MEMORY_BITS).model(model).pagingLevels(levels)
                .tlbPolicy(policy).build();
        TranslatorPair pair = new TranslatorPair(machine);
        pair.state.amd = model.vendor() == Vendor.AMD;
        pair.state.maxPhyAddr = model.maxPhyAddr();
        pair.state.gigabytePages = model.gigabytePages();
        pair.state.levels = levels;
        pair.state.cr3 = TABLES[levels];
        StateRegisters.mustSucceed(pair.cpu.movToCr3(pair.state.cr3));
        pair.applyState();
        return pair;
    }

    /** Where the path stands; the entries of the address before are wiped out. */
    void setVaddr(long vaddr) {
        for (int level = 1; level <= state.levels; level++) {
            if (slots[level] != 0) {
                memory.write(slots[level], 0);
            }
            slots[level] = TABLES[level] + ((vaddr >>> (9 * level)) & 0xff8);
        }
        this.vaddr = vaddr;
    }

    /** The flags with the address of the table that the next entry stands in. */
    long table(int level, long flags) {
        return flags | TABLES[level - 1];
    }

    /** The flags with the address of a page of the level's size that uses every second address bit below M. */
    long leaf(int level, long flags) {
        return leafBelow(state.maxPhyAddr, level, flags);
    }

    /** As {@link #leaf}, of a page that memory has: without PS the walk goes on there, and finds zeros. */
    long leafInMemory(int level, long flags) {
        return leafBelow(MEMORY_BITS, level, flags);
    }

    private static long leafBelow(int bits, int level, long flags) {
        return flags | (TARGET & (1L << bits) - (1L << (3 + 9 * level)));
    }

    /** Gives the control registers of the state to the CPU. */
    void applyState() {
        StateRegisters.mustSucceed(cpu.movToCr0(StateRegisters.cr0(state)));
        StateRegisters.mustSucceed(cpu.movToCr4(StateRegisters.cr4(state)));
        StateRegisters.mustSucceed(cpu.writeEfer(StateRegisters.efer(state)));
        applyKeys();
    }

    /** PKRU, PKRS and EFLAGS.AC alone. */
    void applyKeys() {
        cpu.wrpkru(state.pkru);
        cpu.writePkrs(state.pkrs);
        cpu.setAc(state.ac);
    }

    long checks() {
        return checks;
    }

    /** One access after INVLPG. */
    void check(AccessKind kind) {
        placeEntries();
        checks++;
        access(kind);
    }

    /** A supervisor read first, which may fill the caches and set A; then the access. */
    void checkAfterRead(AccessKind kind) {
        placeEntries();
        checks++;
        access(AccessKind.SUPERVISOR_READ);
        access(kind);
    }

    /** One access with whatever the caches hold by now; the entries stand as the accesses before left them. */
    void checkAgain(AccessKind kind) {
        checks++;
        access(kind);
    }

    /** As {@link #check}, and what the translation tells besides the address. */
    void checkWhole(AccessKind kind) {
        check(kind);
        if (slow.vector == 0) {
            long translation = cpu.translation(vaddr, StateRegisters.accessBits(kind));
            if (!isExpected(translation)) {
                throw mismatch(kind, "translation " + Long.toHexString(translation), "level " + slow.level + " key "
                        + slow.key + " PAT index " + slow.patIndex + " global " + slow.global + " U "
                        + slow.userAddress + " W " + slow.writable + " X " + slow.executable);
            }
        }
    }

    private void placeEntries() {
        for (int level = 1; level <= state.levels; level++) {
            memory.write(slots[level], entries[level]);
        }
        cpu.invlpg(vaddr);
    }

    private void access(AccessKind kind) {
        long cr2 = cpu.cr2();
        slow.translate(state, reader, vaddr, kind);
        long got = cpu.translate(vaddr, StateRegisters.accessBits(kind));
        long expected = StateRegisters.packed(slow);
        if (got != expected) {
            throw mismatch(kind, describe(got), describe(expected));
        }
        long expectedCr2 = slow.vector == SlowTranslator.PAGE_FAULT ? vaddr : cr2;
        if (cpu.cr2() != expectedCr2) {
            throw mismatch(kind, "CR2 " + Long.toHexString(cpu.cr2()), "CR2 " + Long.toHexString(expectedCr2));
        }
        checkEntriesAfter(kind);
    }

    /** A walk that was led astray did not meet the entries further down. */
    private void checkEntriesAfter(AccessKind kind) {
        for (int level = state.levels; level >= 1; level--) {
            boolean met = level >= slow.level && slow.slots[level] == slots[level];
            long expected = met ? slow.updates[level] : entries[level];
            long got = memory.read(slots[level]);
            if (got != expected) {
                throw mismatch(kind, describe(StateRegisters.packed(slow)) + " and leaves level " + level + " "
                        + CombinationWords.entry(got, level), CombinationWords.entry(expected, level));
            }
        }
    }

    private boolean isExpected(long translation) {
        return translation > 0
                && Translation.paddr(translation, vaddr) == slow.paddr
                && Translation.level(translation) == slow.level
                && Translation.key(translation) == slow.key
                && Translation.patIndex(translation) == slow.patIndex
                && ((translation & Translation.GLOBAL) != 0) == slow.global
                && ((translation & Translation.USER) != 0) == slow.userAddress
                && ((translation & Translation.WRITABLE) != 0) == slow.writable
                && ((translation & Translation.EXECUTABLE) != 0) == slow.executable;
    }

    private static String describe(long result) {
        return Fault.isFault(result) ? Fault.describe(result) : "paddr " + Long.toHexString(result);
    }

    private AssertionError mismatch(AccessKind kind, String got, String expected) {
        StringBuilder words = new StringBuilder(CombinationWords.access(kind, vaddr, state));
        for (int level = state.levels; level >= 1; level--) {
            words.append("\n  level ").append(level).append(' ').append(CombinationWords.entry(entries[level], level));
        }
        return new AssertionError(words + "\n  expected " + expected + "\n  got      " + got);
    }
}
