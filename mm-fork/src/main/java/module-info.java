/** The fork designs. */
module dev.cowtable.fork {
    requires static org.jspecify;
    requires transitive dev.cowtable.mm;

    exports dev.cowtable.fork.classic;
    exports dev.cowtable.fork.ondemand;
    exports dev.cowtable.fork.owner;
    exports dev.cowtable.fork.relaxed;

    provides dev.cowtable.mm.spi.ForkStrategyProvider
            with dev.cowtable.fork.classic.ClassicForkProvider, dev.cowtable.fork.ondemand.OnDemandForkProvider,
            dev.cowtable.fork.owner.OwnerForkProvider, dev.cowtable.fork.relaxed.RelaxedForkProvider;
}
