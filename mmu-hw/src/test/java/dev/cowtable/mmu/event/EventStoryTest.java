package dev.cowtable.mmu.event;

import static dev.cowtable.mmu.PageTables.FULL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.EventLog;
import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.walk.Invlpgb;
import org.junit.jupiter.api.Test;

/** Every event is told once, in the order in which it happens. Tables: root 1000, PDPT 2000, PD 3000, PT 4000. */
class EventStoryTest {
    private static final long VADDR = 0x4000_0000_0000L | 2L << 30 | 3L << 21 | 4L << 12;

    private final EventLog log = new EventLog();
    private final Machine machine = Machine.builder().cpus(2).model(CpuModel.AMD).tlbPolicy(TlbPolicy.ADVERSARIAL)
            .listener(log).build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);

    EventStoryTest() {
        tables.map(VADDR, 0x100, FULL);
        cpu.movToCr3(tables.root());
        log.take();
    }

    @Test
    void walkIsStepsThenFlagsThenStructuresThenTheTranslation() {
        cpu.writeByte(VADDR + 5, Access.USER, 1);
        assertThat(log.take()).containsExactly(
                "step 0 level 4 1400: 2007", "step 0 level 3 2010: 3007", "step 0 level 2 3018: 4007",
                "step 0 level 1 4020: 100007",
                "flags 0 level 4 1400: 2007 to 2027", "flags 0 level 3 2010: 3007 to 3027",
                "flags 0 level 2 3018: 4007 to 4027", "flags 0 level 1 4020: 100007 to 100067",
                "structure 0 pcid 0 400080604005 -> 4000 level 2 W U X",
                "structure 0 pcid 0 400080604005 -> 3000 level 3 W U X",
                "structure 0 pcid 0 400080604005 -> 2000 level 4 W U X",
                "fill 0 pcid 0 400080604005 -> 100000 level 1 W U X D");
        cpu.writeByte(VADDR + 5, Access.USER, 2);
        assertThat(log.take()).as("a hit").isEmpty();
    }

    @Test
    void walkThatBeginsAtAStructureEntryStepsBelowItAlone() {
        tables.map(VADDR + 0x1_0000, 0x110, FULL | Entry.A | Entry.G | Entry.XD);
        cpu.readByte(VADDR, Access.USER);
        log.take();
        cpu.readByte(VADDR + 0x1_0000, Access.READ);
        assertThat(log.take()).containsExactly("step 0 level 1 40a0: 8000000000110127",
                "fill 0 pcid 0 400080614000 -> 110000 level 1 W U G");
    }

    @Test
    void neighboursOfTheLineAreFilledAfterThePage() {
        tables.map(VADDR + 0x3000, 0x103, Entry.P | Entry.A);
        cpu.translate(VADDR, Access.READ);
        assertThat(log.take("fill")).containsExactly("fill 0 pcid 0 400080604000 -> 100000 level 1 W U X",
                "fill 0 pcid 0 400080607000 -> 103000 level 1 X");
    }

    @Test
    void faultIsTheStepsThenTheInvalidationThenTheFault() {
        tables.set(VADDR, 2, 0);
        cpu.writeByte(VADDR + 7, Access.USER, 1);
        assertThat(log.take()).containsExactly("step 0 level 4 1400: 2007", "step 0 level 3 2010: 3007",
                "step 0 level 2 3018: 0", "invalidated 0 PAGE_FAULT pcid 0 400080604007",
                "fault 0 400080604007 #PF(6: W U)");
        cpu.translate(1L << 62, Access.READ);
        assertThat(log.take()).as("#GP is no page fault").isEmpty();
    }

    @Test
    void eachInvalidationTellsItsCauseItsPcidAndItsAddress() {
        Modes.setCr4(cpu, Cr4.PCIDE);
        cpu.movToCr3(tables.root() | 7);
        cpu.movToCr3(tables.root() | 8 | ControlRegisters.CR3_NO_FLUSH);
        cpu.invlpg(VADDR + 9);
        cpu.invpcid(0, 6, VADDR);
        cpu.invpcid(1, 5, VADDR);
        cpu.invpcid(2, 4, VADDR);
        cpu.invpcid(3, 3, VADDR);
        Modes.setCr4(cpu, Cr4.SMEP);
        Modes.setCr4(cpu, Cr4.SMAP);
        Modes.clearCr4(cpu, Cr4.PGE);
        Modes.executeDisable(cpu, true);
        Modes.executeDisable(cpu, false);
        cpu.invlpgb(new Invlpgb(VADDR | Invlpgb.ADDRESS | Invlpgb.PCID, 0, 0));
        assertThat(log.take()).containsExactly("invalidated 0 MOV_TO_CR3 pcid 7 0",
                "invalidated 0 INVLPG pcid 8 400080604009", "invalidated 0 INVPCID_ADDRESS pcid 6 400080604000",
                "invalidated 0 INVPCID_CONTEXT pcid 5 0", "invalidated 0 INVPCID_ALL pcid 0 0",
                "invalidated 0 INVPCID_ALL_NON_GLOBAL pcid 0 0", "invalidated 0 MOV_TO_CR4 pcid 8 0",
                "invalidated 0 MOV_TO_CR4 pcid 0 0", "invalidated 0 WRITE_EFER pcid 0 0",
                "invalidated 0 INVLPGB pcid 0 400080604000", "invalidated 1 INVLPGB pcid 0 400080604000");
    }

    @Test
    void lazyTlbIsToldWhenTheCpuMakesUpForAShootdown() {
        Cpu other = machine.cpu(1);
        other.enterLazyTlb();
        machine.shootdown(cpu, 0b10, target -> target.invlpg(VADDR));
        assertThat(log.take()).isEmpty();
        other.leaveLazyTlb();
        assertThat(log.take()).containsExactly("invalidated 1 LAZY_TLB pcid 0 0");
    }

    @Test
    void interruptIsSentThenDeliveredThenAcknowledgedWhateverTheHandlerTells() {
        machine.cpu(1).enter();
        machine.sendIpi(cpu, 0b10, target -> target.invlpg(VADDR));
        assertThat(log.take()).containsExactly("sent 0 to 1");
        machine.cpu(1).step(Step.OTHER, 0);
        assertThat(log.take()).containsExactly("delivered 0 to 1", "invalidated 1 INVLPG pcid 0 400080604000",
                "acknowledged 0 to 1");
    }

    @Test
    void listenerMayOverrideNothing() {
        Machine quiet = Machine.builder().cpus(2).listener(new MmuListener() {}).build();
        PageTables its = new PageTables(quiet);
        its.map(VADDR, 0x100, FULL);
        quiet.cpu(0).movToCr3(its.root());
        assertThat(quiet.cpu(0).writeByte(VADDR, Access.USER, 1)).isZero();
        assertThat(quiet.cpu(0).readByte(0, Access.USER)).isNegative();
        assertThat(quiet.sendIpi(quiet.cpu(0), 0b10, target -> target.invlpg(VADDR)).isReady()).isTrue();
    }
}
