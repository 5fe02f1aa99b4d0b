package dev.cowtable.mm.check;

/** References on pages that no page table explains: pins and pipes of whoever runs the kernel. */
@FunctionalInterface
public interface HeldReferences {
    /** Nobody holds any. */
    HeldReferences NONE = pfn -> 0;

    /** References held on a frame, a pin counting as GUP_PIN_COUNTING_BIAS. */
    int on(long pfn);
}
