package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mmu.cpu.Cpu;

/** Both locks that keep rmap walks away from what a VMA maps: take_rmap_locks(), drop_rmap_locks() (mm/mremap.c). */
final class RmapLocks {
    private RmapLocks() {
    }

    static void take(Cpu cpu, VmAreaStruct vma) {
        AddressSpace file = vma.file();
        if (file != null && !file.isOpaque()) {
            file.mmapRwsem().downWrite(cpu);
        }
        AnonVma anonVma = vma.anonVma();
        if (anonVma != null) {
            anonVma.rootLock().downWrite(cpu);
        }
    }

    static void drop(Cpu cpu, VmAreaStruct vma) {
        AnonVma anonVma = vma.anonVma();
        if (anonVma != null) {
            anonVma.rootLock().upWrite(cpu);
        }
        AddressSpace file = vma.file();
        if (file != null && !file.isOpaque()) {
            file.mmapRwsem().upWrite(cpu);
        }
    }
}
