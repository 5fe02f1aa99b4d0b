package dev.cowtable.mm.vma;

/**
 * What a file VMA maps, as far as it is known: a name and whether it is shared memory.
 *
 * <p>Differs: an opaque stand-in for struct address_space; contents and the page cache come later.
 */
public record FileMapping(String name, boolean shmem) {
}
