package dev.cowtable.mm.rmap;

import dev.cowtable.mm.vma.VmAreaStruct;

/**
 * Links a VMA with an anon_vma whose pages it may map.
 *
 * <p>Mirrors: struct anon_vma_chain.
 */
public record AnonVmaChain(VmAreaStruct vma, AnonVma anonVma) {
}
