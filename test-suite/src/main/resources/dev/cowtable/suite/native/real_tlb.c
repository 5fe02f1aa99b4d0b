/*
 * What the real CPU's translation costs: a chain of loads, each at an address that the load before it has given.
 *
 *     real_tlb [MIB [ROUNDS]]        default: up to 256 MiB, 5 rounds
 *
 * Prints key=value lines; nanoseconds for each load, the least of the rounds, for 64 KiB, 256 KiB, 1 MiB ... of linear addresses.
 *   pages       every 4 KiB page has a frame of its own, visited in a random round: data caches and TLB together
 *   one_frame   every page is the same frame, so the data stay in the first cache and what grows is the TLB's part;
 *               its loads also compute the next page (some cycles, the same at every size); up to 64 MiB
 * Huge pages are refused, so that each page needs a translation of its own.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096UL
#define KIB 1024UL
#define SMALLEST_KIB 64UL
#define ONE_FRAME_MAX_KIB (64 * KIB) /* each page is a mapping of its own, and mappings are limited */
#define LOADS 2000000UL
#define MAX_ROUNDS 1000

static uint64_t seed = 1;
static volatile uint64_t sink;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		die("clock_gettime");
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static uint64_t random_below(uint64_t limit)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (seed >> 33) % limit;
}

/* the line of the page that the chain uses: not the same in all pages, or they would share a few sets of the data caches */
static uint64_t line_of(uint64_t page)
{
	return page * 64 % PAGE_BYTES;
}

/* each page points to the next of a random round through all of them */
static void make_chain(char *memory, uint64_t nr_pages)
{
	uint64_t *order = malloc(nr_pages * sizeof(*order));

	if (!order)
		die("malloc");
	for (uint64_t i = 0; i < nr_pages; i++) {
		uint64_t other = random_below(i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	for (uint64_t i = 0; i < nr_pages; i++) {
		uint64_t from = order[i], to = order[(i + 1) % nr_pages];

		*(char **)(memory + from * PAGE_BYTES + line_of(from)) = memory + to * PAGE_BYTES + line_of(to);
	}
	free(order);
}

static double follow(char *memory)
{
	char *at = memory;
	double start = now_ns(), end;

	for (uint64_t i = 0; i < LOADS; i++)
		at = *(char *volatile *)at;
	end = now_ns();
	sink = (uintptr_t)at;
	return (end - start) / LOADS;
}

/* the frame holds zeros: adding what was loaded makes the next address wait for the load; a round through all pages */
static double follow_computed(char *memory, uint64_t nr_pages)
{
	uint64_t page = 0;
	double start = now_ns(), end;

	for (uint64_t i = 0; i < LOADS; i++) {
		uint64_t loaded = *(volatile uint64_t *)(memory + page * PAGE_BYTES);

		page = (page * 1566083941UL + 1013904223UL + loaded) & (nr_pages - 1);
	}
	end = now_ns();
	sink = page;
	return (end - start) / LOADS;
}

static char *reserve(uint64_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

static double pages(uint64_t kib, int rounds)
{
	uint64_t nr_pages = kib * KIB / PAGE_BYTES;
	char *memory = reserve(kib * KIB);
	double least = 1e18;

	make_chain(memory, nr_pages);
	for (int i = 0; i <= rounds; i++) {
		double ns = follow(memory);

		if (ns < least)
			least = ns;
	}
	munmap(memory, kib * KIB);
	return least;
}

static double one_frame(uint64_t kib, int rounds, int fd)
{
	uint64_t nr_pages = kib * KIB / PAGE_BYTES;
	char *memory = reserve(kib * KIB);
	double least = 1e18;

	for (uint64_t i = 0; i < nr_pages; i++)
		if (mmap(memory + i * PAGE_BYTES, PAGE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0)
		    == MAP_FAILED)
			die("mmap of a page");
	for (int i = 0; i <= rounds; i++) {
		double ns = follow_computed(memory, nr_pages);

		if (ns < least)
			least = ns;
	}
	munmap(memory, kib * KIB);
	return least;
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 256, rounds = argc > 2 ? atol(argv[2]) : 5;
	int fd;

	if (mib < 1 || mib > 64 * 1024 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: real_tlb [MIB [ROUNDS]], 1..65536 and 1..%d\n", MAX_ROUNDS);
		return 2;
	}
	fd = memfd_create("one_frame", 0);
	if (fd < 0 || ftruncate(fd, PAGE_BYTES))
		die("memfd_create");
	for (uint64_t kib = SMALLEST_KIB; kib <= mib * KIB; kib *= 4)
		printf("pages_%lu_kib_ns=%.2f\n", kib, pages(kib, rounds));
	for (uint64_t kib = SMALLEST_KIB; kib <= mib * KIB && kib <= ONE_FRAME_MAX_KIB; kib *= 4)
		printf("one_frame_%lu_kib_ns=%.2f\n", kib, one_frame(kib, rounds, fd));
	return 0;
}
