package dev.cowtable.suite.locks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Machine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The scene with one CPU after the other: no schedule. */
class LockSceneTest {
    private static final long FIRST_PAGE_VADDR = 0x4000_0000L;

    private final LockOptions options = new LockOptions(2, 2, 1, false, 1, 1);
    private final Machine machine = Machine.builder().cpus(options.cpus()).build();
    private final Kernel kernel = new Kernel(machine, Design.parse("relaxed"));
    private final List<LockCause> causes = new ArrayList<>();
    private final LockScene scene = new LockScene(kernel, options, 1, (cpu, cause) -> causes.add(cause));

    @Test
    void aPageThatSomebodyElseHasWrittenIsAWrongRead() {
        MmStruct parent = kernel.mms().getFirst();
        kernel.userAccess().writeByte(machine.cpu(0), parent, FIRST_PAGE_VADDR, 99);
        assertThat(scene.wrongReads()).containsExactly("process 0 reads 99 from page 0 and should read 1");
    }

    @Test
    void theParentForksFourTimesAndOnlyTheChildExits() {
        for (int cpu = 0; cpu < options.cpus(); cpu++) {
            scene.bodies().get(cpu).run(machine.cpu(cpu));
        }
        assertThat(causes).filteredOn(LockCause.FORK::equals).hasSize(4);
        assertThat(causes).filteredOn(LockCause.EXIT::equals).as("four short-lived children and one other").hasSize(5);
        assertThat(causes).filteredOn(LockCause.WRITE::equals).hasSize(32 * options.cpus());
        assertThat(causes).filteredOn(LockCause.READ::equals).hasSize(32 * options.cpus());
        assertThat(kernel.mms()).hasSize(1);
        assertThat(scene.wrongReads()).isEmpty();
    }
}
