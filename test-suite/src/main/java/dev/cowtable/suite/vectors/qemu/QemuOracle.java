package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorScope;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The paging unit of QEMU's TCG, asked through our guest in an installed qemu-system-x86_64.
 *
 * <p>Each access is made by a real instruction of the guest: MOV, a jump, LSL with the LDT in the page under test
 * (kr), INT with its stack there (kw). Requests go in two banks: one is written and read here while the guest performs
 * the other.
 *
 * <p>Differs: of a shape it changes, besides addresses, what the guest cannot do. Implicit accesses have 8 bytes, kw
 * at an address that ends at a multiple of 16 and not below 28h in its page. With CR4.PKS the rights in PKRS of one
 * key that is not the leaf's are taken as granted if no such key is.
 */
public final class QemuOracle implements VectorOracle {
    private static final String PROGRAM = "qemu-system-x86_64";
    private static final int PKU = 1 << 3;
    private static final int PKS = 1 << 31;
    private static final int LA57 = 1 << 16;
    private static final int SMEP = 1 << 7;
    private static final int SMAP = 1 << 20;
    private static final int GIGABYTE_PAGES = 1 << 26;
    private static final int PHYSICAL_BITS = 0xff;

    private final GuestMemory memory;
    private final GuestProcess process;
    private final PhysicalPlan plan;
    private final VectorPlacer placer;
    private final AddressSpaces spaces;
    private final TargetMemory targets;
    private final Requests requests;
    private final Results results;
    private final QemuDeviations deviations = new QemuDeviations();
    private final VectorScope scope;
    private final String version;
    private long banksRung;

    private QemuOracle(GuestMemory memory, GuestProcess process, CpuModel model, String version)
            throws OracleUnavailableException {
        this.memory = memory;
        this.process = process;
        this.version = version;
        scope = readScope(memory, model);
        plan = new PhysicalPlan(model.maxPhyAddr());
        placer = new VectorPlacer(model, plan);
        targets = new TargetMemory(memory);
        int topLevel = VectorInput.topLevel(model);
        long stubsPaddr = memory.load(GuestLayout.STUBS);
        spaces = new AddressSpaces(memory, plan, topLevel, stubsPaddr);
        long baseCr4 = baseCr4(scope);
        memory.store(GuestLayout.BASE_CR4, baseCr4);
        memory.store(GuestLayout.KEYS,
                (scope.pke() ? GuestLayout.HAS_PKRU : 0) | (scope.pks() ? GuestLayout.HAS_PKRS : 0));
        requests = new Requests(memory, spaces, targets, stubsPaddr, baseCr4);
        results = new Results(memory, spaces, targets, deviations, topLevel);
    }

    /**
     * Starts QEMU and the guest.
     *
     * @param wanted its width and its number of levels count; vendor and 1 GiB pages are always those of {@link #scope}
     */
    public static VectorOracle open(CpuModel wanted) throws OracleUnavailableException, IOException {
        return open(wanted, System.getenv("PATH"));
    }

    static QemuOracle open(CpuModel wanted, @Nullable String searchPath)
            throws OracleUnavailableException, IOException {
        Path program = find(searchPath)
                .orElseThrow(() -> new OracleUnavailableException("no " + PROGRAM + " on PATH"));
        CpuModel model = new CpuModel(Vendor.INTEL, wanted.maxPhyAddr(), true, wanted.la57(), false);
        String version = QemuVersion.of(program);
        GuestMemory memory = GuestMemory.create(PhysicalPlan.ramBytes(model.maxPhyAddr()));
        @Nullable GuestProcess process = null;
        @Nullable QemuOracle oracle = null;
        try {
            process = GuestProcess.start(program, model, memory);
            memory.unlink();
            oracle = new QemuOracle(memory, process, model, version);
            return oracle;
        } finally {
            if (oracle == null) {
                if (process != null) {
                    process.close();
                }
                memory.close();
            }
        }
    }

    @Override
    public String describe() {
        return version + " (TCG: software, not hardware), -cpu " + GuestProcess.cpu(scope.model()) + "; lacks "
                + lacking() + "; " + deviations.describe();
    }

    @Override
    public VectorScope scope() {
        return scope;
    }

    @Override
    public List<RecordedVector> perform(List<VectorInput> shapes) throws IOException {
        List<RecordedVector> recorded = new ArrayList<>(shapes.size());
        List<PlacedVector> running = List.of();
        boolean complete = false;
        try {
            for (int from = 0; from < shapes.size(); from += GuestLayout.BANK_RECORDS) {
                int to = Math.min(shapes.size(), from + GuestLayout.BANK_RECORDS);
                List<PlacedVector> next = ring(shapes.subList(from, to));
                collect(running, banksRung - 1, recorded);
                running = next;
            }
            collect(running, banksRung, recorded);
            complete = true;
            return recorded;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** Writes a bank and lets the guest go on with it. */
    private List<PlacedVector> ring(List<VectorInput> shapes) {
        int bank = (int) (banksRung % GuestLayout.BANKS);
        plan.releasePages(bank);
        List<PlacedVector> vectors = new ArrayList<>(shapes.size());
        for (VectorInput shape : shapes) {
            requireScope(shape);
            PlacedVector vector = placer.place(shape, bank * GuestLayout.BANK_RECORDS + vectors.size());
            spaces.install(vector);
            if (vector.targetPaddr() != PlacedVector.NONE) {
                targets.prepare(vector);
            }
            requests.write(vector);
            vectors.add(vector);
        }
        memory.store(GuestLayout.COUNTS + (long) bank * Long.BYTES, vectors.size());
        banksRung++;
        memory.storeRelease(GuestLayout.DOORBELL, banksRung);
        return vectors;
    }

    private void collect(List<PlacedVector> vectors, long banks, List<RecordedVector> recorded) throws IOException {
        if (vectors.isEmpty()) {
            return;
        }
        process.awaitDone(memory, banks);
        for (PlacedVector vector : vectors) {
            recorded.add(results.read(vector));
        }
    }

    @Override
    public void close() throws IOException {
        process.close();
        memory.close();
    }

    private static VectorScope readScope(GuestMemory memory, CpuModel model) throws OracleUnavailableException {
        long leaf7 = memory.load(GuestLayout.CPUID_7);
        long extended = memory.load(GuestLayout.CPUID_EXTENDED);
        int ebx = (int) leaf7;
        int ecx = (int) (leaf7 >>> 32);
        int width = (int) (extended >>> 32) & PHYSICAL_BITS;
        boolean asWanted = width == model.maxPhyAddr() && has(ecx, LA57) == model.la57()
                && has((int) extended, GIGABYTE_PAGES);
        if (!asWanted) {
            throw new OracleUnavailableException("this QEMU has no " + GuestProcess.cpu(model));
        }
        return new VectorScope(model, has(ebx, SMEP), has(ebx, SMAP), has(ecx, PKU), has(ecx, PKS), true);
    }

    private static boolean has(int bits, int bit) {
        return (bits & bit) != 0;
    }

    /** What is on while the guest itself works: WRPKRU needs PKE. */
    private static long baseCr4(VectorScope scope) {
        return Cr4.PAE | Cr4.PGE | (scope.model().la57() ? Cr4.LA57 : 0) | (scope.pke() ? Cr4.PKE : 0);
    }

    private void requireScope(VectorInput shape) {
        if (shape.smep() && !scope.smep() || shape.smap() && !scope.smap() || shape.pke() && !scope.pke()
                || shape.pks() && !scope.pks() || shape.access().isImplicit() && shape.cpl() != 3) {
            throw new IllegalArgumentException("not in the oracle's scope: " + shape);
        }
    }

    private String lacking() {
        String names = (scope.smep() ? "" : "SMEP ") + (scope.smap() ? "" : "SMAP ") + (scope.pke() ? "" : "PKU ")
                + (scope.pks() ? "" : "PKS ");
        return names.isEmpty() ? "nothing asked for" : names.strip();
    }

    private static Optional<Path> find(@Nullable String searchPath) {
        String directories = searchPath == null ? "" : searchPath;
        for (String directory : directories.split(File.pathSeparator, -1)) {
            Path file = Path.of(directory, PROGRAM);
            if (!directory.isEmpty() && Files.isRegularFile(file) && Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
