package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.RwSemaphore;
import dev.cowtable.mm.rmap.Rmap;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What a file VMA maps: the pages of a file, and the VMAs that map some of it.
 *
 * <p>An opaque one stands for a file of a recorded process: it has a name and a kind, and neither pages nor mappers.
 *
 * <p>Mirrors: struct address_space with as much of its inode and file as a mapping needs.
 * <p>Locks: i_mmap under its rwsem; the count of holders by atomic operations.
 */
public final class AddressSpace {
    private static final VmAreaStruct[] NO_VMAS = new VmAreaStruct[0];
    private static final VarHandle HOLDERS;

    static {
        try {
            HOLDERS = MethodHandles.lookup().findVarHandle(AddressSpace.class, "holders", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final boolean shmem;
    private final @Nullable Contents contents;
    private volatile long sizePages;
    @SuppressWarnings("FieldMayBeFinal")
    private int holders = 1;

    /** What an address space has unless it is opaque. */
    private record Contents(PageCache pages, Mappers mappers, long identity, Eviction eviction) {
    }

    /** Frees all that an address space holds, when the last holder has gone. */
    @FunctionalInterface
    interface Eviction {
        void evict(Cpu cpu, AddressSpace file);
    }

    /** Makes an opaque one. */
    public AddressSpace(String name, boolean shmem) {
        this.name = name;
        this.shmem = shmem;
        this.contents = null;
    }

    /** Makes an empty one of {@code pages} pages, held by its maker. */
    AddressSpace(Lockdep lockdep, String name, boolean shmem, long pages, Eviction eviction) {
        this.name = name;
        this.shmem = shmem;
        this.contents = new Contents(new PageCache(lockdep), new Mappers(lockdep),
                lockdep.nextIdentity(), eviction);
        this.sizePages = pages;
    }

    public String name() {
        return name;
    }

    /** True if its pages are counted in RssShmem and go to swap. */
    public boolean shmem() {
        return shmem;
    }

    public boolean isOpaque() {
        return contents == null;
    }

    /** i_size in pages: access beyond is SIGBUS. */
    public long sizePages() {
        return sizePages;
    }

    private Contents contents() {
        Contents known = contents;
        if (known == null) {
            throw new IllegalStateException("nothing is known of the pages of " + name);
        }
        return known;
    }

    PageCache pages() {
        return contents().pages;
    }

    /** Pages that the cache holds. */
    public long nrPages() {
        return pages().nrPages();
    }

    /** True if the cache holds this page at this index, for observers of a machine at rest. */
    public boolean caches(long index, long pfn) {
        return contents != null && pages().load(index) == PageCache.slotOf(pfn);
    }

    /** Pages that are swapped out. */
    public long nrSwapped() {
        return pages().nrSwapped();
    }

    /**
     * Gives a page's place to its copy, if only the cache and the caller know the page. Locks: both folio locks are
     * held.
     */
    public boolean migratePage(Kernel kernel, Cpu cpu, long index, long pfn, long newPfn) {
        return pages().migrate(kernel, cpu, index, pfn, newPfn);
    }

    // ---------------------------------------------------------------- holders

    /** Takes a reference: get_file(). */
    public void get(Cpu cpu) {
        if (contents != null) {
            cpu.step(Step.COUNT, contents.identity);
            HOLDERS.getAndAdd(this, 1);
        }
    }

    /** Takes a reference unless the last has gone: igrab(). */
    boolean tryGet(Cpu cpu) {
        cpu.step(Step.COUNT, contents().identity);
        while (true) {
            int count = (int) HOLDERS.getVolatile(this);
            if (count == 0 || HOLDERS.compareAndSet(this, count, count + 1)) {
                return count != 0;
            }
        }
    }

    /**
     * Drops a reference; with the last, the pages and swap slots go.
     *
     * <p>Mirrors: fput() down to evict_inode().
     * <p>Locks: no spin lock may be held.
     */
    public void put(Cpu cpu) {
        if (contents != null) {
            cpu.step(Step.COUNT, contents.identity);
            int left = (int) HOLDERS.getAndAdd(this, -1) - 1;
            if (left < 0) {
                throw new IllegalStateException(name + " is given back more often than it was taken");
            }
            if (left == 0) {
                contents.eviction.evict(cpu, this);
            }
        }
    }

    // ---------------------------------------------------------------- i_mmap

    /** Held for reading by rmap walks, for writing by whoever moves a VMA that maps this: i_mmap_rwsem. */
    public RwSemaphore mmapRwsem() {
        return contents().mappers.rwsem();
    }

    /**
     * The VMAs that map any of it, parents before children; none if opaque. The array is never changed after it was
     * published.
     */
    public VmAreaStruct[] mappers() {
        return contents == null ? NO_VMAS : contents.mappers.vmas();
    }

    /**
     * Calls {@code visitor} with each VMA that may map a page and the address at which it would, until it answers
     * false.
     *
     * <p>Mirrors: rmap_walk_file().
     * <p>Locks: takes i_mmap_rwsem for reading; the folio lock is the caller's.
     */
    public void walkMappings(Cpu cpu, long index, Rmap.Visitor visitor) {
        RwSemaphore rwsem = mmapRwsem();
        rwsem.downRead(cpu);
        visitMappings(index, visitor);
        rwsem.upRead(cpu);
    }

    /** As {@link #walkMappings} for who holds i_mmap_rwsem. */
    public void visitMappings(long index, Rmap.Visitor visitor) {
        for (VmAreaStruct vma : mappers()) {
            long vaddr = vma.vmaAddress(index);
            if (vma.contains(vaddr) && !visitor.visit(vma, vaddr)) {
                break;
            }
        }
    }

    /**
     * A VMA of an mm begins to map this, and holds it.
     *
     * <p>Mirrors: vma_link_file().
     */
    public void link(Cpu cpu, VmAreaStruct vma) {
        if (contents != null) {
            get(cpu);
            contents.mappers.insert(cpu, vma, null);
        }
    }

    /** As {@link #link}, right after the parent's VMA: an rmap walk that races with fork meets the parent first. */
    public void linkAfter(Cpu cpu, VmAreaStruct vma, VmAreaStruct parent) {
        if (contents != null) {
            get(cpu);
            contents.mappers.insert(cpu, vma, parent);
        }
    }

    /**
     * A VMA does not map this any more; it holds it on, until {@link #put}.
     *
     * <p>Mirrors: unlink_file_vma().
     */
    public void unlink(Cpu cpu, VmAreaStruct vma) {
        if (contents != null) {
            contents.mappers.remove(cpu, vma);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
