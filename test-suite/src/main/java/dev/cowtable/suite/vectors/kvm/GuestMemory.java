package dev.cowtable.suite.vectors.kvm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The guest's memory as this process sees it: one mapping, cut into the slots of {@link GuestLayout}. */
final class GuestMemory implements AutoCloseable {
    private final LinuxCalls linux;
    private final MemorySegment whole;
    private final MemorySegment harness;
    private final MemorySegment roots;
    private final MemorySegment targets;

    GuestMemory(LinuxCalls linux) throws IOException {
        this.linux = linux;
        long targetBytes = (long) GuestLayout.NR_TARGETS * GuestLayout.LARGE_PAGE_BYTES;
        this.whole = linux.mapMemory(GuestLayout.HARNESS_BYTES + GuestLayout.ROOTS_BYTES + targetBytes);
        this.harness = whole.asSlice(0, GuestLayout.HARNESS_BYTES);
        this.roots = whole.asSlice(GuestLayout.HARNESS_BYTES, GuestLayout.ROOTS_BYTES);
        this.targets = whole.asSlice(GuestLayout.HARNESS_BYTES + (long) GuestLayout.ROOTS_BYTES, targetBytes);
    }

    MemorySegment harness() {
        return harness;
    }

    MemorySegment roots() {
        return roots;
    }

    MemorySegment targets() {
        return targets;
    }

    MemorySegment target(int number) {
        return targets.asSlice((long) number * GuestLayout.LARGE_PAGE_BYTES, GuestLayout.LARGE_PAGE_BYTES);
    }

    void giveTo(KvmVm vm) throws IOException {
        vm.addSlot(GuestLayout.HARNESS_SLOT, GuestLayout.HARNESS_GPA, harness);
        vm.addSlot(GuestLayout.ROOTS_SLOT, GuestLayout.ROOTS_GPA, roots);
        for (int i = 0; i < GuestLayout.NR_TARGETS; i++) {
            vm.addSlot(GuestLayout.FIRST_TARGET_SLOT + i, GuestLayout.targetGpa(i), target(i));
        }
    }

    /** Takes the tables' slot away and gives it back: KVM drops every shadow of what lies in it. */
    void renewRoots(KvmVm vm) throws IOException {
        vm.deleteSlot(GuestLayout.ROOTS_SLOT);
        vm.addSlot(GuestLayout.ROOTS_SLOT, GuestLayout.ROOTS_GPA, roots);
    }

    @Override
    public void close() {
        linux.unmap(whole);
    }
}
