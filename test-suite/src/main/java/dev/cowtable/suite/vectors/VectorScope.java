package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.reg.CpuModel;

/**
 * What an oracle has; the generator asks for nothing else.
 *
 * @param model the CPU of the vectors; its {@code la57} says whether 5-level paging is on
 * @param implicit whether implicit supervisor accesses (kr, kw) can be made
 */
public record VectorScope(CpuModel model, boolean smep, boolean smap, boolean pke, boolean pks, boolean implicit) {
}
