/*
 * What faults, munmap(), swap and reclaim cost on the running kernel, for private anonymous 4 kB pages.
 *
 *     real_memory FOLDER [MIB [ROUNDS]]        default: 64 MiB, 7 rounds; a swap file is made in FOLDER and removed
 *
 * Prints key=value lines; nanoseconds for each page, minimum and median of the rounds, or KEY_skipped=reason.
 *   write, read_zero        first touches
 *   unmap_alone             munmap() in pieces of 2 MiB of pages that are freed
 *   unmap_shared            the same while a child maps the pages
 *   swap_out_*, swap_in_*   see swap.c
 *   reclaim_*               see swap.c
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "memory.h"

#define PAGES_EACH 512UL

static double unmap_all(char *memory, size_t nr_pages)
{
	double start = now_ns();

	for (size_t i = 0; i < nr_pages; i += PAGES_EACH)
		if (munmap(memory + i * PAGE, PAGES_EACH * PAGE))
			die("munmap");
	return (now_ns() - start) / nr_pages;
}

static double unmap_beside_child(size_t nr_pages)
{
	char *memory = map_pages(nr_pages);
	double ns;
	pid_t pid;

	write_all(memory, nr_pages);
	pid = fork_child();
	ns = unmap_all(memory, nr_pages);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ns;
}

static void measure_faults(size_t nr_pages, int rounds)
{
	static double writes[MAX_ROUNDS], reads[MAX_ROUNDS], alone[MAX_ROUNDS], shared[MAX_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		char *memory = map_pages(nr_pages);

		reads[i] = read_all(memory, nr_pages);
		unmap_all(memory, nr_pages);
		memory = map_pages(nr_pages);
		writes[i] = write_all(memory, nr_pages);
		alone[i] = unmap_all(memory, nr_pages);
		shared[i] = unmap_beside_child(nr_pages);
	}
	print_stats("write", writes, rounds);
	print_stats("read_zero", reads, rounds);
	print_stats("unmap_alone", alone, rounds);
	print_stats("unmap_shared", shared, rounds);
}

/* In a process of its own, which the ward outlives. */
static void measure_swap_guarded(const char *folder, size_t nr_pages, int rounds)
{
	pid_t pid;

	if (geteuid() || lock_swap()) {
		printf("swap_skipped=%s\n", geteuid() ? "only root can turn on swap space"
						      : "another program of this suite uses swap space");
		return;
	}
	start_ward();
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		measure_swap(folder, nr_pages, rounds);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	end_ward();
}

int main(int argc, char **argv)
{
	long mib = argc > 2 ? atol(argv[2]) : 64, rounds = argc > 3 ? atol(argv[3]) : 7;

	if (argc < 2 || mib < 2 || mib > 1024 || mib % 2 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: real_memory FOLDER [MIB [ROUNDS]], 2..1024 and even, and 1..%d\n", MAX_ROUNDS);
		return 2;
	}
	measure_faults(mib * 256, rounds);
	measure_swap_guarded(argv[1], mib * 256, rounds);
	return 0;
}
