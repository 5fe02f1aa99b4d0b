package dev.cowtable.suite.litmus;

/**
 * A file of a scenario; byte {@code b} of its page {@code k} is {@code (k+1) & 255}.
 *
 * @param pages declared length, or for an undeclared file the length that its largest mapping needs
 * @param tmp whether it lies on a disk file system (write-notify) and not in shmem
 */
public record FileSpec(String name, long pages, boolean tmp) {}
