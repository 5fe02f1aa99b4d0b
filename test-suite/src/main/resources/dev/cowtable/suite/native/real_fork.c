/*
 * What fork() and the write faults after it cost on the running kernel, for private anonymous 4 kB pages.
 *
 *     real_fork [MIB [ROUNDS]]        default: 256 MiB, 10 rounds
 *
 * Prints key=value lines; times are wall-clock nanoseconds seen by the parent.
 *   base      fork() before the memory is mapped
 *   fork      fork() with every page mapped by a writable PTE; the per-PTE figure has base taken off
 *   touch     first write to each page (zero-filled allocation)
 *   reuse     write fault after the child has ended: the page is made writable again
 *   copy      write fault while the child still maps the page: the page is copied
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096UL
#define MAX_ROUNDS 1000

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

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_stats(const char *name, double *samples, int n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	printf("%s_min=%.2f\n%s_median=%.2f\n", name, samples[0], name, samples[n / 2]);
}

static long vmpte_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPTE: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

static double write_all(volatile char *mem, unsigned long nr_pages)
{
	double start = now_ns();

	for (unsigned long i = 0; i < nr_pages; i++)
		mem[i * PAGE_BYTES]++;
	return now_ns() - start;
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		die("child");
}

/* fork(), a child that ends at once; the time of the call in the parent */
static double fork_once(void)
{
	double start = now_ns(), end;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(0);
	end = now_ns();
	reap(pid);
	return end - start;
}

/* writes every page while a child maps them all; the child tells its VmPTE and waits */
static double write_beside_child(volatile char *mem, unsigned long nr_pages, long *child_kb)
{
	int up[2], down[2];
	double ns;
	pid_t pid;

	if (pipe(up) || pipe(down))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		long kb = vmpte_kb();
		char c;

		close(down[1]);
		if (write(up[1], &kb, sizeof(kb)) != sizeof(kb) || read(down[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	if (read(up[0], child_kb, sizeof(*child_kb)) != sizeof(*child_kb))
		die("read");
	ns = write_all(mem, nr_pages);
	close(down[1]);
	reap(pid);
	close(up[0]);
	close(up[1]);
	close(down[0]);
	return ns;
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 256, rounds = argc > 2 ? atol(argv[2]) : 10, child_kb = -1, parent_kb;
	static double base[MAX_ROUNDS], forks[MAX_ROUNDS], per_pte[MAX_ROUNDS], reuse[MAX_ROUNDS], copy[MAX_ROUNDS];
	unsigned long nr_pages = mib * (1024 * 1024 / PAGE_BYTES);
	double touch;
	char *mem;

	if (mib < 1 || mib > 1024 * 1024 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: real_fork [MIB [ROUNDS]], 1..1048576 and 1..%d\n", MAX_ROUNDS);
		return 2;
	}
	for (int i = 0; i < rounds; i++)
		base[i] = fork_once();
	qsort(base, rounds, sizeof(*base), by_value);
	mem = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		die("mmap");
	madvise(mem, nr_pages * PAGE_BYTES, MADV_NOHUGEPAGE);
	touch = write_all(mem, nr_pages) / nr_pages;
	parent_kb = vmpte_kb();
	for (int i = 0; i < rounds; i++) {
		forks[i] = fork_once();
		per_pte[i] = (forks[i] - base[rounds / 2]) / nr_pages;
		reuse[i] = write_all(mem, nr_pages) / nr_pages;
	}
	for (int i = 0; i < rounds; i++)
		copy[i] = write_beside_child(mem, nr_pages, &child_kb) / nr_pages;

	printf("pages=%lu\nrounds=%ld\n", nr_pages, rounds);
	print_stats("base_ns", base, rounds);
	print_stats("fork_ns", forks, rounds);
	print_stats("fork_ns_per_pte", per_pte, rounds);
	printf("touch_ns_per_fault=%.2f\n", touch);
	print_stats("reuse_ns_per_fault", reuse, rounds);
	print_stats("copy_ns_per_fault", copy, rounds);
	printf("parent_vmpte_kb=%ld\nchild_vmpte_kb=%ld\n", parent_kb, child_kb);
	return 0;
}
