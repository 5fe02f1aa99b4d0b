/* What /proc tells of processes and pages: pagemap, kpageflags, kpagecount, maps, status. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "oracle.h"

#define WINDOW			64UL	/* pages read at once */
#define NR_WINDOWS		4096UL
#define FIRST_NON_SWAP_TYPE	24	/* higher types are migration, marker and the like */

/* A /proc/kpage* file: what was read of it since its words were last forgotten. */
struct window {
	u64 first, round, words[WINDOW];
};
struct page_file {
	int fd;
	u64 round;
	struct window *windows;
};
static struct page_file flags_file, count_file;

static void open_page_file(struct page_file *file, const char *path)
{
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		cannot("only root may look at page frames (%s: %s)", path, strerror(errno));
	file->windows = zeroed(NR_WINDOWS, sizeof(*file->windows));
}

void open_page_files(void)
{
	open_page_file(&flags_file, "/proc/kpageflags");
	open_page_file(&count_file, "/proc/kpagecount");
	forget_page_files();
}

/* Flags and counts are read anew from here on. */
void forget_page_files(void)
{
	flags_file.round++;
	count_file.round++;
}

static u64 page_word_of(struct page_file *file, u64 pfn)
{
	u64 first = pfn & -WINDOW;
	struct window *window = &file->windows[pfn / WINDOW % NR_WINDOWS];
	ssize_t n;

	if (window->round != file->round || window->first != first) {
		n = pread(file->fd, window->words, sizeof(window->words), first * sizeof(u64));
		n = n < 0 ? 0 : n;
		memset((char *)window->words + n, 0, sizeof(window->words) - n);
		window->first = first;
		window->round = file->round;
	}
	return window->words[pfn - first];
}

u64 page_flags(u64 pfn)
{
	return page_word_of(&flags_file, pfn);
}

u64 page_mapcount(u64 pfn)
{
	return page_word_of(&count_file, pfn);
}

static int open_proc(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Entries of pages; 0 for what cannot be read. */
void read_pagemap(int pid, u64 va, long pages, u64 *entries)
{
	int fd = open_proc(pid, "pagemap");
	long got = 0;
	ssize_t n;

	while (fd >= 0 && got < pages) {
		n = pread(fd, entries + got, (pages - got) * sizeof(u64), (va / PAGE + got) * sizeof(u64));
		if (n <= 0)
			break;
		got += n / sizeof(u64);
	}
	memset(entries + got, 0, (pages - got) * sizeof(u64));
	if (fd >= 0)
		close(fd);
}

/* Whether an entry names a swap slot, and is no guard, marker or migration entry. */
int is_swap_entry(u64 entry)
{
	return (entry & PM_SWAP) && !(entry & (PM_PRESENT | PM_GUARD)) && PM_TYPE(entry) < FIRST_NON_SWAP_TYPE;
}

/* The mapped spans of a process, in order; the caller frees them. */
long read_spans(int pid, struct span **spans)
{
	char path[64], *line = NULL;
	size_t size = 0;
	struct span span;
	long n = 0;
	FILE *file;

	*spans = NULL;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) > 0) {
		if (sscanf(line, "%lx-%lx ", &span.start, &span.end) != 2)
			continue;
		*spans = realloc(*spans, (n + 1) * sizeof(span));
		(*spans)[n++] = span;
	}
	free(line);
	if (file)
		fclose(file);
	return n;
}

/* A number of /proc/PID/status, 0 if it is not there. */
long status_number(int pid, const char *key)
{
	char text[8192];
	int fd = open_proc(pid, "status");
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *found;

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	found = strstr(text, key);
	return found ? atol(found + strlen(key)) : 0;
}
