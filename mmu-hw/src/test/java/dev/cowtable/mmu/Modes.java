package dev.cowtable.mmu;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Efer;

/** Switches single bits of control registers and flushes, none of which may be refused. */
public final class Modes {
    private Modes() {
    }

    public static void writeProtect(Cpu cpu, boolean on) {
        accepted(cpu.movToCr0(on ? cpu.cr0() | Cr0.WP : cpu.cr0() & ~Cr0.WP));
    }

    public static void executeDisable(Cpu cpu, boolean on) {
        accepted(cpu.writeEfer(on ? cpu.efer() | Efer.NXE : cpu.efer() & ~Efer.NXE));
    }

    public static void setCr4(Cpu cpu, long bits) {
        accepted(cpu.movToCr4(cpu.cr4() | bits));
    }

    public static void clearCr4(Cpu cpu, long bits) {
        accepted(cpu.movToCr4(cpu.cr4() & ~bits));
    }

    /** INVPCID of type 2. */
    public static void flushAll(Cpu cpu) {
        accepted(cpu.invpcid(2, 0, 0));
    }

    /** MOV to CR3 of what it holds. */
    public static void flushNonGlobal(Cpu cpu) {
        accepted(cpu.movToCr3(cpu.cr3()));
    }

    private static void accepted(long result) {
        if (result != 0) {
            throw new AssertionError(Fault.describe(result));
        }
    }
}
