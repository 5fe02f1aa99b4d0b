package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.walk.Invlpgb;
import org.junit.jupiter.api.Test;

/** What meets an idle CPU while another one services it is run before that one goes away. */
class IdleTargetTest {
    @Test
    void broadcastThatComesWhileAnInterruptIsServicedIsNotLeftBehind() {
        Machine machine = Machine.builder().cpus(3).model(CpuModel.AMD).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        PageTables tables = new PageTables(machine);
        tables.map(PageTables.VADDR, 0x100, PageTables.FULL);
        Cpu idle = machine.cpu(2);
        idle.movToCr3(tables.root());
        idle.translate(PageTables.VADDR, Access.USER);
        tables.map(PageTables.VADDR, 0x200, PageTables.FULL);
        Invlpgb everything = new Invlpgb(0, 0, 0);
        IpiRequest request = machine.sendIpi(machine.cpu(0), 0b100, target -> machine.cpu(1).invlpgb(everything));
        assertThat(request.isReady()).isTrue();
        machine.cpu(1).tlbsync();
        assertThat(idle.translate(PageTables.VADDR, Access.USER) >>> 12).isEqualTo(0x200);
    }
}
