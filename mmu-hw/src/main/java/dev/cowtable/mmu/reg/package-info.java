/**
 * The CPU's model and the registers that control paging.
 *
 * <p><b>Models:</b> SDM volume 3, 2.5 (CR0, CR3, CR4), 2.2.1 (IA32_EFER), 4.6.2 (PKRU, IA32_PKRS), and CPUID.
 * <p><b>Leaves out:</b> every bit that does not concern paging; LAM, CET, HLAT; leaving 64-bit mode.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.reg.CpuModel}, {@link dev.cowtable.mmu.reg.Cr4}.
 */
@NullMarked
package dev.cowtable.mmu.reg;

import org.jspecify.annotations.NullMarked;
