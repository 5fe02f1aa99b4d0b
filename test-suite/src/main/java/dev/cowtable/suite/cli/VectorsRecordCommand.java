package dev.cowtable.suite.cli;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.kvm.KvmOracle;
import dev.cowtable.suite.vectors.qemu.QemuOracle;
import java.io.IOException;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cowtable vectors record}: vectors with the outcome of an MMU that is not this emulator's. */
@Command(name = "record", description = "Records vectors with the outcomes of another MMU.",
        footer = {"", "kvm: the CPU, or the software, behind /dev/kvm. qemu: an installed qemu-system-x86_64.",
                "What it lacks is not asked for; the file tells what was asked.",
                "Exit codes: 0 written, 1 the oracle failed, 2 bad usage or an output that cannot be written,",
                "3 this machine cannot."})
public final class VectorsRecordCommand implements Callable<Integer> {
    /** What can be recorded with. */
    enum Oracle {
        KVM,
        QEMU
    }

    /** Makes an oracle. */
    @FunctionalInterface
    interface Opener {
        VectorOracle open(Oracle oracle, CpuModel wanted) throws OracleUnavailableException, IOException;
    }

    private final Opener opener;

    @Mixin
    private VectorsOptions options = new VectorsOptions();

    @Option(names = "--with", paramLabel = "ORACLE",
            description = "kvm or qemu; default: kvm if there is one, else qemu")
    private @Nullable Oracle with;

    public VectorsRecordCommand() {
        this(VectorsRecordCommand::open);
    }

    VectorsRecordCommand(Opener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() {
        CpuModel wanted = options.model();
        StringJoiner reasons = new StringJoiner("; ");
        for (Oracle oracle : with == null ? List.of(Oracle.values()) : List.of(with)) {
            try (VectorOracle opened = opener.open(oracle, wanted)) {
                return options.write(opened);
            } catch (OracleUnavailableException e) {
                reasons.add(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                return options.failed("the oracle failed: " + e.getMessage(), Cowtable.FAILED);
            }
        }
        return options.failed(reasons.toString(), VectorsCommand.UNAVAILABLE);
    }

    private static VectorOracle open(Oracle oracle, CpuModel wanted) throws OracleUnavailableException, IOException {
        return switch (oracle) {
            case KVM -> KvmOracle.open(wanted);
            case QEMU -> QemuOracle.open(wanted);
        };
    }
}
