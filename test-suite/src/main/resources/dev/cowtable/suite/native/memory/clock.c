/* Times and pages. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "memory.h"

void die(const char *what)
{
	perror(what);
	exit(1);
}

double now_ns(void)
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

void print_stats(const char *name, double *samples, int n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	printf("%s_min=%.2f\n%s_median=%.2f\n", name, samples[0], name, samples[n / 2]);
}

/* Huge pages are refused. */
char *map_pages(size_t nr_pages)
{
	char *memory = mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

/* One word that is not 0 in each page; nanoseconds for each. */
double write_all(char *memory, size_t nr_pages)
{
	double start = now_ns();

	for (size_t i = 0; i < nr_pages; i++)
		*(volatile char *)(memory + i * PAGE) = 1;
	return (now_ns() - start) / nr_pages;
}

double read_all(char *memory, size_t nr_pages)
{
	double start = now_ns();

	for (size_t i = 0; i < nr_pages; i++)
		(void)*(volatile char *)(memory + i * PAGE);
	return (now_ns() - start) / nr_pages;
}
