/** The get_user_pages flavours. */
module dev.cowtable.gup {
    requires static org.jspecify;
    requires transitive dev.cowtable.mm;

    exports dev.cowtable.gup.linux;
    exports dev.cowtable.gup.owner;

    provides dev.cowtable.mm.spi.GupStrategyProvider
            with dev.cowtable.gup.linux.LinuxGupProvider, dev.cowtable.gup.owner.OwnerGupProvider,
            dev.cowtable.gup.owner.PostedGupProvider;
}
