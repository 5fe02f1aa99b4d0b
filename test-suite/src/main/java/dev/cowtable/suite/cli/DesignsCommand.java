package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.spi.GupStrategyProvider;
import java.io.PrintWriter;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cowtable designs}: lists what can be chosen with {@code --design}. */
@Command(name = "designs", description = "Lists the designs: fork strategies with their options, and GUP flavours.",
        footer = {"", "A design is named FORK[:key=value,...][/GUP], such as relaxed or classic/linux."})
public final class DesignsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.print("fork designs\n");
        for (Design design : Design.all()) {
            print(out, design.fork());
        }
        out.print("GUP flavours\n");
        for (GupStrategyProvider gup : Design.gups()) {
            out.print("  " + gup.name() + "  " + gup.description() + "\n");
        }
        return 0;
    }

    private static void print(PrintWriter out, ForkStrategyProvider fork) {
        out.print("  " + fork.name() + "  " + fork.description() + " (GUP: " + fork.defaultGup() + ")\n");
        new TreeMap<>(fork.options()).forEach((key, values) -> out.print(
                "    " + key + "=" + String.join("|", values) + ", default " + first(values) + "\n"));
        fork.claims().forEach(claim -> out.print("    - " + claim + "\n"));
    }

    private static String first(List<String> values) {
        return values.getFirst();
    }
}
