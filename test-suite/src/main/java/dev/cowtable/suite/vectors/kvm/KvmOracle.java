package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The CPU behind {@code /dev/kvm}: performs each access in a virtual machine of one CPU.
 *
 * <p>The physical address of a result is observed, not computed: each place where the walk can end by the shape of its
 * entries holds a value (for a fetch an instruction) of its own, and the place is the one whose value was loaded, was
 * replaced by the stored one, or ran. An outcome that is none of the expected kinds is an {@link IOException}, never a
 * result.
 *
 * <p>Differs: on a host whose CPU walks the guest's tables itself the vendor, the physical-address width and 1 GiB
 * pages are the host's, whatever was wanted: {@link #scope()} tells. PKS and implicit accesses cannot be asked; a fetch
 * is of one byte.
 *
 * <p>Locks: none; one thread at a time.
 */
public final class KvmOracle implements VectorOracle {
    private final KvmVm vm;
    private final GuestMemory memory;
    private final KvmHost host;
    private final VectorScope scope;
    private final AccessRunner runner;
    private boolean closed;

    private KvmOracle(KvmVm vm, GuestMemory memory, KvmHost host, VectorScope offered) throws IOException {
        this.vm = vm;
        this.memory = memory;
        this.host = host;
        Harness.write(memory.harness());
        memory.giveTo(vm);
        this.runner = new AccessRunner(vm, memory, offered.model());
        this.scope = FeatureProbe.confirmed(offered, runner);
    }

    /**
     * Makes the virtual machine, of the wanted model as far as the host can.
     *
     * @throws OracleUnavailableException if this machine has no usable KVM
     */
    public static VectorOracle open(CpuModel wanted) throws OracleUnavailableException, IOException {
        if (!System.getProperty("os.name", "").equals("Linux") || !System.getProperty("os.arch", "").equals("amd64")) {
            throw new OracleUnavailableException("KVM vectors need Linux on x86-64");
        }
        LinuxCalls linux = new LinuxCalls();
        KvmVm vm = KvmVm.open(linux);
        try {
            return open(wanted, linux, vm);
        } catch (OracleUnavailableException | IOException | RuntimeException e) {
            vm.close();
            throw e;
        }
    }

    private static VectorOracle open(CpuModel wanted, LinuxCalls linux, KvmVm vm)
            throws OracleUnavailableException, IOException {
        GuestCpuid cpuid = new GuestCpuid(vm.supportedCpuid());
        if (!cpuid.hasNx()) {
            throw new OracleUnavailableException("KVM of this machine offers no execute-disable bit (NX)");
        }
        KvmHost host = KvmHost.read();
        boolean smallerWidth = vm.capability(KvmAbi.CAP_SMALLER_MAXPHYADDR) != 0;
        VectorScope offered = KvmFeatures.offered(wanted, cpuid, host, smallerWidth);
        cpuid.set(offered.model());
        vm.setCpuid(cpuid.segment());
        GuestMemory memory = new GuestMemory(linux);
        try {
            return new KvmOracle(vm, memory, host, offered);
        } catch (IOException | RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    @Override
    public String describe() {
        return "KVM of Linux " + host.kernel() + " on " + host.cpu() + "; " + host.answers() + "; guest CPU: vendor "
                + scope.model().vendor() + ", MAXPHYADDR " + scope.model().maxPhyAddr() + "; not offered or not asked: "
                + KvmFeatures.missing(scope);
    }

    @Override
    public VectorScope scope() {
        return scope;
    }

    @Override
    public List<RecordedVector> perform(List<VectorInput> shapes) throws IOException {
        List<RecordedVector> recorded = new ArrayList<>(shapes.size());
        for (VectorInput shape : shapes) {
            checkScope(shape);
            recorded.add(runner.perform(shape));
        }
        return recorded;
    }

    private void checkScope(VectorInput shape) {
        if (shape.access().isImplicit() || shape.pks() || shape.smep() && !scope.smep() || shape.smap() && !scope.smap()
                || shape.pke() && !scope.pke()) {
            throw new IllegalArgumentException("vector " + shape.number() + " asks for what " + scope + " lacks");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            vm.close();
            memory.close();
        }
    }
}
