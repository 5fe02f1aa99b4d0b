package dev.cowtable.suite.hardware;

/** Lays out one run of a test on a fresh machine: page tables, what is cached already, and what each CPU does. */
@FunctionalInterface
public interface Script {
    void lay(Stage stage);
}
