/** A Linux-like memory-management layer over the emulated paging unit, with the plug-in points of fork and GUP designs. */
module dev.cowtable.mm {
    requires static org.jspecify;
    requires transitive dev.cowtable.mmu;

    exports dev.cowtable.mm;
    exports dev.cowtable.mm.access;
    exports dev.cowtable.mm.check;
    exports dev.cowtable.mm.fault;
    exports dev.cowtable.mm.filemap;
    exports dev.cowtable.mm.fork;
    exports dev.cowtable.mm.gup;
    exports dev.cowtable.mm.lock;
    exports dev.cowtable.mm.lru;
    exports dev.cowtable.mm.memfail;
    exports dev.cowtable.mm.migrate;
    exports dev.cowtable.mm.notifier;
    exports dev.cowtable.mm.numa;
    exports dev.cowtable.mm.page;
    exports dev.cowtable.mm.pgtable;
    exports dev.cowtable.mm.reclaim;
    exports dev.cowtable.mm.rmap;
    exports dev.cowtable.mm.softdirty;
    exports dev.cowtable.mm.spi;
    exports dev.cowtable.mm.stat;
    exports dev.cowtable.mm.swap;
    exports dev.cowtable.mm.tlb;
    exports dev.cowtable.mm.vma;

    uses dev.cowtable.mm.spi.ForkStrategyProvider;
    uses dev.cowtable.mm.spi.GupStrategyProvider;
}
