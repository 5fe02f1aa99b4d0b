/** The x86-64 paging unit: physical memory, page walk, TLB, paging-structure caches, several CPUs and IPIs. */
module dev.cowtable.mmu {
    requires static org.jspecify;

    exports dev.cowtable.mmu.addr;
    exports dev.cowtable.mmu.entry;
    exports dev.cowtable.mmu.mem;
    exports dev.cowtable.mmu.exec;
    exports dev.cowtable.mmu.cpu;
    exports dev.cowtable.mmu.event;
    exports dev.cowtable.mmu.reg;
    exports dev.cowtable.mmu.tlb;
    exports dev.cowtable.mmu.walk;
}
