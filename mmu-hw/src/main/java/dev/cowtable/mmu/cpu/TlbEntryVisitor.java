package dev.cowtable.mmu.cpu;

/** Takes one translation that a CPU's TLB holds; the rights are those of the whole path. */
@FunctionalInterface
public interface TlbEntryVisitor {
    void visit(int pcid, long vaddrPage, long sizeBytes, long pfn, boolean writable, boolean user, boolean executable,
            boolean dirty, boolean global);
}
