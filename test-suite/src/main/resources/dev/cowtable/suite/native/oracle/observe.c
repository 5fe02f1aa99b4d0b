/* observe: what pagemap and kpageflags say of each page of the areas, in every process. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oracle.h"

#define LONGEST_UNPACKED 64	/* pages of an area; a longer one is printed in runs */
#define EXCLUSIVE_BIT 8

enum kind { NONE, NO_VMA, PRESENT, ZERO_PAGE, SWAPPED, GUARD, MARKER };

/* What is printed of a page; a name is the number of its frame or slot, or a marker's type. */
struct view {
	enum kind kind;
	long name, mapcount;
	int sole, of_file, wp, flags;
};

/* Pages that are printed as one line: names go up by step. */
struct run {
	struct view head;
	long first, length, step;
};

static const struct { u64 bit; const char *name; } flag_names[] = {
	{KPF_ANON, "ANON"}, {KPF_SWAPCACHE, "SWAPCACHE"}, {KPF_KSM, "KSM"}, {KPF_THP, "THP"},
	{KPF_ZERO_PAGE, "ZERO_PAGE"}, {KPF_MMAP, "MMAP"}, {KPF_SWAPBACKED, "SWAPBACKED"}, {KPF_MLOCKED, "MLOCKED"},
	{0, "AE"}};

long base_vmpte;

/* P0's tables just before its first mmap are what all are measured against. */
void set_base(void)
{
	static int is_set;

	if (!is_set)
		base_vmpte = status_number(processes[0].pid, "VmPTE:");
	is_set = 1;
}

static int flags_of(u64 pfn)
{
	u64 flags = page_flags(pfn);
	int set = 0;

	for (int i = 0; i < EXCLUSIVE_BIT; i++)
		if (flags & flag_names[i].bit)
			set |= 1 << i;
	if ((flags & KPF_ANON) && (flags & KPF_OWNER_2) && !(flags & KPF_TAIL))
		set |= 1 << EXCLUSIVE_BIT;
	return set;
}

static struct view present_view(u64 entry)
{
	u64 pfn = PM_PFN(entry);
	struct view view = {.of_file = !!(entry & PM_FILE), .wp = !!(entry & PM_WP), .flags = flags_of(pfn)};

	if (page_flags(pfn) & KPF_ZERO_PAGE) {
		view.kind = ZERO_PAGE;
		return view;
	}
	view.kind = PRESENT;
	view.name = frame_number(pfn);
	view.mapcount = page_mapcount(pfn);
	view.sole = !!(entry & PM_SOLE);
	return view;
}

static struct view view_of(u64 entry, int has_vma)
{
	int wp = !!(entry & PM_WP);

	if (!has_vma)
		return (struct view){.kind = NO_VMA};
	if (entry & PM_PRESENT)
		return present_view(entry);
	if (entry & PM_GUARD)
		return (struct view){.kind = GUARD};
	if (is_swap_entry(entry))
		return (struct view){.kind = SWAPPED, .name = slot_number(PM_SLOT(entry)), .wp = wp};
	if (entry & PM_SWAP)
		return (struct view){.kind = MARKER, .name = PM_TYPE(entry), .wp = wp};
	return (struct view){.kind = NONE};
}

static int is_alike(const struct view *a, const struct view *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->mapcount == b->mapcount && a->sole == b->sole
		&& a->of_file == b->of_file && a->wp == b->wp;
}

static void print_name(const char *what, const char *prefix, const struct run *run)
{
	printf("%s%s%ld", what, prefix, run->head.name);
	if (run->step)
		printf("..%s%ld", prefix, run->head.name + run->length - 1);
}

static void print_present(const struct run *run)
{
	const struct view *view = &run->head;
	const char *separator = "";

	if (view->kind == PRESENT) {
		print_name("present pfn=", "#", run);
		printf(" mc=%ld x=%d", view->mapcount, view->sole);
	} else {
		printf("present pfn=Z");
	}
	printf("%s%s k=", view->of_file ? " file" : "", view->wp ? " wp" : "");
	for (int i = 0; i <= EXCLUSIVE_BIT; i++) {
		if (view->flags & (1 << i)) {
			printf("%s%s", separator, flag_names[i].name);
			separator = "|";
		}
	}
}

static void print_run(int p, const struct area *area, const struct run *run)
{
	static const char *const words[] = {[NONE] = "none", [NO_VMA] = "novma", [GUARD] = "guard"};
	const struct view *view = &run->head;

	printf("  P%d %s", p, area->name);
	if (run->length == 1)
		printf("+%ld ", run->first);
	else
		printf("[%ld..%ld) ", run->first, run->first + run->length);
	switch (view->kind) {
	case SWAPPED:
		print_name("swap slot=", "s", run);
		printf("%s\n", view->wp ? " wp" : "");
		break;
	case MARKER:
		printf("marker type=%ld%s\n", view->name, view->wp ? " wp" : "");
		break;
	case PRESENT:
	case ZERO_PAGE:
		print_present(run);
		printf("\n");
		break;
	default:
		printf("%s\n", words[view->kind]);
	}
}

/* Whether the next page goes on a run: alike, its name the same throughout or one more each. */
static int joins(struct run *run, const struct view *next)
{
	long difference = next->name - run->head.name;

	if (!is_alike(&run->head, next))
		return 0;
	if (run->length == 1 && difference == 1)
		run->step = 1;
	if (difference != run->step * run->length)
		return 0;
	run->length++;
	return 1;
}

static int is_in(const struct span *spans, long nr_spans, u64 start, u64 end)
{
	for (long i = 0; i < nr_spans; i++)
		if (spans[i].start < end && start < spans[i].end)
			return 1;
	return 0;
}

static void observe_range(int p, const struct range *range, const struct span *spans, long nr_spans)
{
	const struct area *area = range->area;
	u64 *entries;
	struct run run = {0};

	if (!is_in(spans, nr_spans, area->va, area->va + area->pages * PAGE)) {
		printf("  P%d %s novma\n", p, area->name);
		return;
	}
	entries = malloc(range->pages * sizeof(u64));
	if (!entries)
		cannot("out of memory");
	read_pagemap(processes[p].pid, range->va, range->pages, entries);
	for (long k = 0; k < range->pages; k++) {
		u64 at = range->va + k * PAGE;
		struct view next = view_of(entries[k], is_in(spans, nr_spans, at, at + PAGE));

		if (k && area->pages > LONGEST_UNPACKED && joins(&run, &next))
			continue;
		if (k)
			print_run(p, area, &run);
		run = (struct run){.head = next, .first = range->first + k, .length = 1};
	}
	print_run(p, area, &run);
	free(entries);
}

static void print_sums(int p)
{
	long locked = status_number(processes[p].pid, "VmLck:"), pinned = status_number(processes[p].pid, "VmPin:");

	printf("  P%d vmpte=%+ldkB", p, status_number(processes[p].pid, "VmPTE:") - base_vmpte);
	if (locked)
		printf(" lck=%ldkB", locked);
	if (pinned)
		printf(" pin=%ldkB", pinned);
	printf("\n");
}

static void observe_process(int p, const struct range *only)
{
	struct span *spans;
	long nr_spans;

	print_sums(p);
	nr_spans = read_spans(processes[p].pid, &spans);
	if (only)
		observe_range(p, only, spans, nr_spans);
	for (int a = 0; !only && a < nr_areas; a++) {
		struct range whole = range_of(&areas[a], 0, areas[a].pages);

		observe_range(p, &whole, spans, nr_spans);
	}
	free(spans);
}

/* All areas, or one range. */
void observe(const struct range *only)
{
	forget_page_files();
	print_result("");
	for (int p = 0; p <= last_process; p++) {
		if (processes[p].state == DEAD)
			printf("  P%d dead\n", p);
		else if (processes[p].state == ALIVE)
			observe_process(p, only);
	}
}
