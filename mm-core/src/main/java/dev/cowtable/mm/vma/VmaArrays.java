package dev.cowtable.mm.vma;

import java.util.Arrays;

/** VMAs in address order as arrays that are never changed, so that who reads one without a lock sees a whole state. */
public final class VmaArrays {
    private VmaArrays() {
    }

    /** Index of the first VMA that ends above {@code vaddr}. */
    public static int firstEndingAbove(VmAreaStruct[] all, long vaddr) {
        int low = 0;
        int high = all.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (all[middle].end() > vaddr) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** The same and {@code vma}. */
    static VmAreaStruct[] with(VmAreaStruct[] all, VmAreaStruct vma) {
        int at = firstEndingAbove(all, vma.start());
        VmAreaStruct[] grown = Arrays.copyOf(all, all.length + 1);
        System.arraycopy(all, at, grown, at + 1, all.length - at);
        grown[at] = vma;
        return grown;
    }

    /** The same but for {@code vma}. */
    static VmAreaStruct[] without(VmAreaStruct[] all, VmAreaStruct vma) {
        int at = Arrays.asList(all).indexOf(vma);
        VmAreaStruct[] shrunk = Arrays.copyOf(all, all.length - 1);
        System.arraycopy(all, at + 1, shrunk, at, all.length - at - 1);
        return shrunk;
    }
}
