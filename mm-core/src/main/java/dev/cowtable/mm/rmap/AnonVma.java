package dev.cowtable.mm.rmap;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.RwSemaphore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the VMAs that may map an anonymous page are found.
 *
 * <p>Mirrors: struct anon_vma.
 * <p>Locks: all fields are used while holding the root's rwsem, {@link #numActiveVmas} and {@link #numChildren} for writing.
 * <p>Differs: the interval tree is a list; a walk filters it by page offset.
 */
public final class AnonVma {
    private final RwSemaphore rwsem;
    private final AnonVma root;
    private final @Nullable AnonVma parent;
    /** Chains in the order in which their VMAs came, so that a parent is met before its child. */
    private final List<AnonVmaChain> chains = new ArrayList<>(1);
    /** anon_vmas whose parent this is; a root counts itself. */
    int numChildren;
    /** VMAs whose {@code anonVma} is this one. */
    int numActiveVmas;

    /** Makes a root. */
    AnonVma(Lockdep lockdep) {
        this.rwsem = new RwSemaphore(lockdep, LockClass.ANON_VMA);
        this.root = this;
        this.parent = null;
        this.numChildren = 1;
    }

    AnonVma(Lockdep lockdep, AnonVma parent) {
        this.rwsem = new RwSemaphore(lockdep, LockClass.ANON_VMA);
        this.root = parent.root;
        this.parent = parent;
    }

    public AnonVma root() {
        return root;
    }

    @Nullable
    AnonVma parent() {
        return parent;
    }

    /** The one lock of the whole family. */
    public RwSemaphore rootLock() {
        return root.rwsem;
    }

    public List<AnonVmaChain> chains() {
        return chains;
    }

    public int numActiveVmas() {
        return numActiveVmas;
    }

    public int numChildren() {
        return numChildren;
    }
}
