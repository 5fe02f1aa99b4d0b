/*
 * Swap and reclaim; nanoseconds for each page.
 *
 *   swap_out_zram, swap_out_file   MADV_PAGEOUT of pages that are the process's alone, until it returns: to zram the
 *                                  pages are compressed and freed by then, to a file their writing has begun
 *   swap_in_zram, swap_in_file     write faults that bring them back, none being left in the swap cache; in a file's
 *                                  the kernel's read-ahead has its part
 *   reclaim_0, reclaim_100         the kernel, told by a cgroup's limit, takes half of the pages back, to zram; nobody
 *                                  else maps them, or 100 children do. Each page is looked up through its reverse map
 *                                  (folio_referenced, twice as a rule) and taken from all who map it (try_to_unmap)
 *   reclaim_mapping                what one more mapping adds to that
 *
 * A page holds one word, and is compressed easily.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "memory.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define IN_SWAP (1UL << 62)
#define MAX_CHILDREN 100
#define SHARED_PAGES 2048UL
#define ENOUGH_PAGES (SHARED_PAGES / 8 * 3) /* of half of them */
#define FEW 32 /* that part of the pages may be in some CPU's batch */
#define TRIES 100
#define TRY_US 10000

static const char *no_cgroup;

static size_t count_in_swap(char *memory, size_t nr_pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t count = 0;

	for (size_t i = 0; i < nr_pages; i++) {
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry), ((uintptr_t)memory / PAGE + i) * sizeof(entry)) != sizeof(entry))
			die("pagemap");
		count += (entry & IN_SWAP) != 0;
	}
	close(fd);
	return count;
}

/* Pages in memory, those in the swap cache too. */
static size_t count_in_memory(char *memory, size_t nr_pages)
{
	unsigned char *seen = malloc(nr_pages);
	size_t count = 0;

	if (!seen || mincore(memory, nr_pages * PAGE, seen))
		die("mincore");
	for (size_t i = 0; i < nr_pages; i++)
		count += seen[i] & 1;
	free(seen);
	return count;
}

/* Waits for the writes and makes the kernel drop the pages from the swap cache; 0 if nearly all are gone. */
static int drop_swap_cache(char *memory, size_t nr_pages)
{
	size_t left;

	for (int i = 0; i < TRIES && (left = count_in_memory(memory, nr_pages)) > nr_pages / FEW; i++) {
		if (no_cgroup)
			return -1;
		reclaim(left * PAGE);
		usleep(TRY_US);
	}
	return left > nr_pages / FEW ? -1 : 0;
}

static void measure_round_trip(const char *area, size_t nr_pages, int rounds)
{
	static double out[MAX_ROUNDS], in[MAX_ROUNDS];
	char *memory = map_pages(nr_pages), name[32];
	int evicted = 1;

	for (int i = 0; i < rounds; i++) {
		double start;

		write_all(memory, nr_pages);
		start = now_ns();
		if (madvise(memory, nr_pages * PAGE, MADV_PAGEOUT))
			die("madvise");
		out[i] = (now_ns() - start) / nr_pages;
		if (count_in_swap(memory, nr_pages) < nr_pages - nr_pages / FEW) {
			printf("swap_out_%s_skipped=pages are not swapped out\n", area);
			return;
		}
		evicted &= !drop_swap_cache(memory, nr_pages);
		in[i] = write_all(memory, nr_pages);
	}
	munmap(memory, nr_pages * PAGE);
	snprintf(name, sizeof(name), "swap_out_%s", area);
	print_stats(name, out, rounds);
	snprintf(name, sizeof(name), "swap_in_%s", area);
	if (evicted)
		print_stats(name, in, rounds);
	else
		printf("%s_skipped=%s\n", name, no_cgroup ? no_cgroup : "pages stay in the swap cache");
}

/* Again while what is freed meanwhile, such as tables of ended children, satisfies the limit instead. -1: no success */
static double reclaim_half(char *memory)
{
	size_t swapped = 0;
	double ns = 0;

	for (int i = 0; i < TRIES && swapped < ENOUGH_PAGES; i++) {
		double start = now_ns();

		reclaim((SHARED_PAGES / 2 - swapped) * PAGE);
		ns += now_ns() - start;
		swapped = count_in_swap(memory, SHARED_PAGES);
	}
	return swapped < ENOUGH_PAGES ? -1 : ns / swapped;
}

static double reclaim_once(int children)
{
	char *memory = map_pages(SHARED_PAGES);
	pid_t pids[MAX_CHILDREN];
	double ns;

	usleep(TRY_US);
	write_all(memory, SHARED_PAGES);
	for (int i = 0; i < children; i++)
		pids[i] = fork_child();
	ns = reclaim_half(memory);
	for (int i = 0; i < children; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < children; i++)
		waitpid(pids[i], NULL, 0);
	munmap(memory, SHARED_PAGES * PAGE);
	return ns;
}

static void measure_reclaim(int rounds)
{
	static double alone[MAX_ROUNDS], shared[MAX_ROUNDS], mapping[MAX_ROUNDS];
	const char *reason = no_cgroup;

	for (int i = 0; i < rounds && !reason; i++) {
		alone[i] = reclaim_once(0);
		shared[i] = reclaim_once(MAX_CHILDREN);
		mapping[i] = (shared[i] - alone[i]) / MAX_CHILDREN;
		if (alone[i] < 0 || shared[i] < 0)
			reason = "the kernel reclaims other pages instead";
	}
	if (reason) {
		printf("reclaim_skipped=%s\n", reason);
		return;
	}
	print_stats("reclaim_0", alone, rounds);
	print_stats("reclaim_100", shared, rounds);
	print_stats("reclaim_mapping", mapping, rounds);
}

void measure_swap(const char *folder, size_t nr_pages, int rounds)
{
	size_t bytes = 2 * (nr_pages + SHARED_PAGES) * PAGE;
	const char *reason;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	no_cgroup = join_cgroup();
	reason = swap_on(1, bytes);
	if (!reason) {
		measure_round_trip("zram", nr_pages, rounds);
		measure_reclaim(rounds);
	} else {
		printf("swap_out_zram_skipped=%s\nreclaim_skipped=%s\n", reason, reason);
	}
	swap_off();
	snprintf(ward->swap_file, sizeof(ward->swap_file), "%s/cowtable-swap-%d", folder, getpid());
	reason = swap_on(0, bytes);
	if (!reason)
		measure_round_trip("file", nr_pages, rounds);
	else
		printf("swap_out_file_skipped=%s\n", reason);
	swap_off();
}
