/*
 * Maps pages in known states, prints where, and waits until its input is closed.
 *
 *   small: 0-1 anonymous, written again after a fork; 2-3 anonymous, shared with the child; 4-5 the zero page;
 *          6-7 never touched; 8-9 guard markers where the kernel has them (guard=1); 10-15 never touched
 *   huge:  2 MiB aligned, THP asked for, first byte written after the fork
 *   shmem: 4 pages shared anonymous, first two written
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define PAGE_BYTES 4096UL
#define HUGE_BYTES (2UL << 20)

static volatile char *map(size_t bytes, int flags)
{
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return mem;
}

static void wait_for_eof(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

int main(void)
{
	volatile char *small = map(16 * PAGE_BYTES, MAP_PRIVATE), *huge, *shmem = map(4 * PAGE_BYTES, MAP_SHARED);
	volatile char *area = map(2 * HUGE_BYTES, MAP_PRIVATE);
	int guard, done[2];
	pid_t pid;

	huge = (volatile char *)(((uintptr_t)area + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	madvise((void *)small, 16 * PAGE_BYTES, MADV_NOHUGEPAGE);
	madvise((void *)huge, HUGE_BYTES, MADV_HUGEPAGE);
	for (int i = 0; i < 4; i++)
		small[i * PAGE_BYTES] = 1;
	(void)(small[4 * PAGE_BYTES] + small[5 * PAGE_BYTES]);
	guard = !madvise((void *)(small + 8 * PAGE_BYTES), 2 * PAGE_BYTES, MADV_GUARD_INSTALL);
	shmem[0] = shmem[PAGE_BYTES] = 1;
	if (pipe(done)) {
		perror("pipe");
		return 1;
	}
	pid = fork();
	if (!pid) {
		close(done[1]);
		wait_for_eof(done[0]);
		_exit(0);
	}
	small[0] = small[PAGE_BYTES] = 2;
	huge[0] = 1;
	printf("small=%lx\nhuge=%lx\nshmem=%lx\nguard=%d\nready=%d\n", (unsigned long)small, (unsigned long)huge,
	       (unsigned long)shmem, guard, pid > 0);
	fflush(stdout);
	wait_for_eof(0);
	close(done[1]);
	waitpid(pid, NULL, 0);
	return 0;
}
