package dev.cowtable.suite.vectors.qemu;

import dev.cowtable.suite.vectors.VectorInput;

/**
 * A vector whose tables have their places.
 *
 * @param slot of the request, which decides the places
 * @param lastLevel of the first entry that ends a walk by P=0 or by being a leaf
 * @param reservedLevel of the first entry on the way there with a reserved bit set, or {@link #NONE}
 * @param targetPaddr what the leaf maps the address to, or {@link #NONE}
 * @param ownKey a protection key that neither the leaf nor PKRS says anything about
 */
record PlacedVector(VectorInput input, int slot, int lastLevel, int reservedLevel, long targetPaddr, int ownKey) {
    static final int NONE = -1;
}
