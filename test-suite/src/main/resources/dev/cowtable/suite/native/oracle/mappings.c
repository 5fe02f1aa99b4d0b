/* Operations on a process's own mappings, by the system calls of the same names. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "oracle.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static struct area *define_mapped(const char *name)
{
	return define_area(name, number_in(option("pages") ? option("pages") : "?"), option_hex("at", -1),
			   option_hex("align", PAGE));
}

static void mmap_area(int p)
{
	const char *name = word("area");
	const char *file = option("file"), *sharing = option("flags");
	int prot = protection(option("prot") ? option("prot") : "rw");
	int flags = MAP_FIXED | (sharing && !strcmp(sharing, "shared") ? MAP_SHARED : MAP_PRIVATE)
		| (file ? 0 : MAP_ANONYMOUS) | (has_flag("populate") ? MAP_POPULATE : 0)
		| (has_flag("locked") ? MAP_LOCKED : 0) | (has_flag("noreserve") ? MAP_NORESERVE : 0);
	long pages = option_number("pages", 0);
	struct area *area = define_mapped(name);

	if (p == 0)
		set_base();
	if (flags & (MAP_POPULATE | MAP_LOCKED))
		forget_frames_of_range(p, area->va, pages);
	CALL(p, SYS_mmap, area->va, pages * PAGE, prot, flags, file ? file_named(file)->fd : -1,
	     option_number("off", 0) * PAGE);
	print_call(p, "ok");
}

/* Where mremap goes, -1 for in place; defines or lengthens the area. */
static long mremap_target(struct range from, long *pages)
{
	const char *target;

	*pages = option_number("pages", from.pages);
	if (!accept("->")) {
		define_area(from.area->name, from.first + *pages, -1, PAGE);
		return -1;
	}
	target = word("target");
	return strchr(target, '+') ? page_in(target, *pages)
		: define_area(target, *pages, option_hex("at", -1), PAGE)->va;
}

static void mremap_range(int p)
{
	struct range from = range_words();
	long pages, to = mremap_target(from, &pages);
	int flags = to < 0 ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED | (has_flag("dontunmap") ? MREMAP_DONTUNMAP : 0);

	CALL(p, SYS_mremap, from.va, from.pages * PAGE, pages * PAGE, flags, to < 0 ? 0 : to);
	print_call(p, "ok");
}

/* A name is defined even if the process is no longer there to map it. */
void define_areas_of_dead(const char *op)
{
	long pages;

	if (!strcmp(op, "mmap"))
		define_mapped(word("area"));
	else if (!strcmp(op, "mremap"))
		mremap_target(range_words(), &pages);
}

static void munmap_range(int p)
{
	struct range range = range_words();

	CALL(p, SYS_munmap, range.va, range.pages * PAGE);
	print_call(p, "ok");
}

static void mprotect_range(int p)
{
	struct range range = range_words();

	CALL(p, SYS_mprotect, range.va, range.pages * PAGE, protection(word("protection")));
	print_call(p, "ok");
}

static void madvise_range(int p)
{
	struct range range = range_words();

	CALL(p, SYS_madvise, range.va, range.pages * PAGE, advice_word());
	print_call(p, "ok");
}

static void process_madvise_range(int p)
{
	int target = process_word();
	struct range range = range_words();
	int advice = advice_word();
	struct iovec *vector = (struct iovec *)SCRATCH;
	long fd;

	if (processes[target].state != ALIVE) {
		print_result("DEAD-PROCESS");
		return;
	}
	fd = CALL(p, SYS_pidfd_open, processes[target].pid, 0);
	if (fd < 0)
		cannot("pidfd_open: %s", errno_name(-fd));
	*vector = (struct iovec){(void *)range.va, range.pages * PAGE};
	CALL(p, SYS_process_madvise, fd, SCRATCH, 1, advice, 0);
	print_call(p, "ok");
	if (processes[p].state == ALIVE)
		CALL(p, SYS_close, fd);
}

static void mlock_range(int p)
{
	struct range range = range_words();

	CALL(p, SYS_mlock2, range.va, range.pages * PAGE, has_flag("onfault") ? MLOCK_ONFAULT : 0);
	print_call(p, "ok");
}

static void munlock_range(int p)
{
	struct range range = range_words();

	CALL(p, SYS_munlock, range.va, range.pages * PAGE);
	print_call(p, "ok");
}

static void mincore_range(int p)
{
	struct range range = range_words();
	char *digits;

	if (range.pages > MAX_VALUES)
		cannot("line %d: mincore takes up to %ld pages here", line_number, MAX_VALUES);
	if (CALL(p, SYS_mincore, range.va, range.pages * PAGE, (long)VALUES) < 0) {
		print_call(p, "ok");
		return;
	}
	digits = zeroed(range.pages + 1, 1);
	for (long i = 0; i < range.pages; i++)
		digits[i] = '0' + (VALUES[i] & 1);
	print_own(p, "ok %s", digits);
	free(digits);
}

const struct operation mapping_ops[] = {
	{"mmap", mmap_area}, {"mremap", mremap_range}, {"munmap", munmap_range}, {"mprotect", mprotect_range},
	{"madvise", madvise_range}, {"pmadvise", process_madvise_range}, {"mlock", mlock_range},
	{"munlock", munlock_range}, {"mincore", mincore_range}, {0}};
