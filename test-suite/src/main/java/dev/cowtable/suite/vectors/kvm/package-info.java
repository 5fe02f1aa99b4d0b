/**
 * The outcome of single accesses from the CPU behind {@code /dev/kvm}, asked in plain Java.
 *
 * <h2>Models</h2> nothing: a virtual machine of one CPU runs a few bytes of our own code over page tables made for one
 * access.
 * <h2>Leaves out</h2> 5-level paging, protection keys of supervisor pages (PKS), implicit supervisor accesses.
 * <h2>Flush rules</h2> no two accesses in a row share a root; before the tables of a root are written anew KVM is made
 * to forget what it knew of them ({@link dev.cowtable.suite.vectors.kvm.RootPool}).
 * <h2>Entry points</h2> {@link dev.cowtable.suite.vectors.kvm.KvmOracle}.
 */
@NullMarked
package dev.cowtable.suite.vectors.kvm;

import org.jspecify.annotations.NullMarked;
