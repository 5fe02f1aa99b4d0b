package dev.cowtable.mmu.cpu;

/** Takes one paging-structure-cache entry; {@code level} is that of the cached entry, 2 for a PDE. */
@FunctionalInterface
public interface StructureVisitor {
    void visit(int pcid, int level, long vaddrPrefix, long nextTablePaddr, boolean writable, boolean user);
}
