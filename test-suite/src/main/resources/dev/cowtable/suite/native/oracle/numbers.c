/*
 * The names #N and sN: frames and swap slots, numbered in order of first appearance at the end of an operation, walking
 * processes by number, areas by definition, pages ascending.
 *
 * They name page objects, not places: a frame that was freed and handed out again gets a new number. It keeps its
 * number while it is mapped, in the swap cache with its slot in use, or in a file's page cache. A frame handed out
 * again within one operation is known by a place where it was not before, for frames move in few operations only.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include "oracle.h"

#define CHUNK		(1UL << 16)	/* frames of a chunk of the directory */
#define NR_CHUNKS	(1UL << 20)
#define MAX_SLOTS	(1UL << 20)
#define WRITEBACK_US	500
#define WRITEBACK_TRIES	20000

enum kind { ANONYMOUS = 1, OF_FILE, MERGED };

struct frame {
	uint32_t number, epoch, mark;
	uint32_t slot;			/* known to hold its copy, or 0 */
	uint8_t kind, listed;
};
struct slot {
	uint32_t number, epoch;
};
struct list {
	u64 *items;
	long size, room;
};

static struct frame **chunks;
static struct slot *slots;
static struct list live_frames, live_slots;
static uint32_t next_frame = 1, next_slot = 1, epoch, last_mark;

static void append(struct list *list, u64 item)
{
	if (list->size == list->room) {
		list->room = list->room * 2 + 1024;
		list->items = realloc(list->items, list->room * sizeof(u64));
		if (!list->items)
			cannot("out of memory");
	}
	list->items[list->size++] = item;
}

static struct frame *frame_at(u64 pfn)
{
	u64 chunk = pfn / CHUNK;

	if (chunk >= NR_CHUNKS)
		cannot("more memory than this runner knows");
	if (!chunks)
		chunks = zeroed(NR_CHUNKS, sizeof(*chunks));
	if (!chunks[chunk])
		chunks[chunk] = zeroed(CHUNK, sizeof(struct frame));
	return &chunks[chunk][pfn % CHUNK];
}

static struct slot *slot_at(u64 offset)
{
	if (offset >= MAX_SLOTS)
		cannot("pages went to another swap space than the scenario's");
	if (!slots)
		slots = zeroed(MAX_SLOTS, sizeof(*slots));
	return &slots[offset];
}

long frame_number(u64 pfn)
{
	return frame_at(pfn)->number;
}

long slot_number(u64 offset)
{
	return slot_at(offset)->number;
}

static void drop(struct frame *frame)
{
	frame->number = frame->slot = 0;
}

/* Pages that were paged out stay under writeback for a while: what is observed is the end of it. */
void await_writeback(void)
{
	for (int i = 0; i < WRITEBACK_TRIES; i++) {
		u64 busy = 0;

		forget_page_files();
		for (long k = 0; k < live_frames.size && !busy; k++) {
			u64 flags = page_flags(live_frames.items[k]);

			busy = (flags & KPF_SWAPCACHE) ? flags & KPF_WRITEBACK : 0;
		}
		if (!busy)
			return;
		usleep(WRITEBACK_US);
	}
}

static void see_slot(u64 offset)
{
	struct slot *slot = slot_at(offset);

	if (!slot->number) {
		slot->number = next_slot++;
		append(&live_slots, offset);
	}
	slot->epoch = epoch;
}

/* Whether the frame still holds the page that it held when it got its number. */
static int is_same_page(const struct frame *frame, u64 pfn, enum kind kind, u64 before, int frames_move)
{
	if (!frame->number)
		return 0;
	if (frame->epoch == epoch)
		return 1;
	if (frame->kind != kind)
		return frame->kind == ANONYMOUS && kind == MERGED;
	if (kind != ANONYMOUS || frames_move)
		return 1;
	if (before & PM_PRESENT)
		return PM_PFN(before) == pfn;
	return is_swap_entry(before) && frame->slot == PM_SLOT(before);
}

static void number_present(u64 pfn, u64 before, int frames_move)
{
	u64 flags = page_flags(pfn);
	enum kind kind = flags & KPF_KSM ? MERGED : flags & KPF_ANON ? ANONYMOUS : OF_FILE;
	struct frame *frame = frame_at(pfn);

	if (flags & KPF_ZERO_PAGE)
		return;
	if (!is_same_page(frame, pfn, kind, before, frames_move)) {
		frame->number = next_frame++;
		frame->slot = 0;
		if (!frame->listed)
			append(&live_frames, pfn);
		frame->listed = 1;
	}
	frame->kind = kind;
	frame->epoch = epoch;
	if (!(flags & KPF_SWAPCACHE))
		frame->slot = 0;
	else if (!frame->slot && is_swap_entry(before))
		frame->slot = PM_SLOT(before);
	if (frame->slot)
		see_slot(frame->slot);
}

static void number_swapped(u64 offset, u64 before)
{
	u64 pfn = PM_PFN(before);

	see_slot(offset);
	if ((before & PM_PRESENT) && frame_at(pfn)->number && (page_flags(pfn) & KPF_SWAPCACHE))
		frame_at(pfn)->slot = offset;
}

static void number_area(struct process *process, int a, int frames_move)
{
	long pages = areas[a].pages;
	u64 *now = malloc(pages * sizeof(u64)), *before = process->entries[a];

	if (!now)
		cannot("out of memory");
	read_pagemap(process->pid, areas[a].va, pages, now);
	for (long k = 0; k < pages; k++) {
		u64 earlier = k < process->nr_entries[a] ? before[k] : 0;

		if (now[k] & PM_PRESENT)
			number_present(PM_PFN(now[k]), earlier, frames_move);
		else if (is_swap_entry(now[k]))
			number_swapped(PM_SLOT(now[k]), earlier);
	}
	free(before);
	process->entries[a] = now;
	process->nr_entries[a] = pages;
}

static int keeps_number(const struct frame *frame, u64 pfn)
{
	u64 flags = page_flags(pfn);

	if (!frame->number || frame->epoch == epoch)
		return frame->number != 0;
	if ((flags & KPF_SWAPCACHE) && frame->kind == OF_FILE)
		return !(flags & KPF_ANON);
	if (flags & KPF_SWAPCACHE)
		return (flags & KPF_ANON) && frame->slot && slot_at(frame->slot)->epoch == epoch;
	return frame->kind == OF_FILE && !(flags & (KPF_ANON | KPF_BUDDY | KPF_SLAB))
		&& (flags & (KPF_SWAPBACKED | KPF_LRU));
}

static void sweep(void)
{
	long frames = live_frames.size, offsets = live_slots.size;

	live_frames.size = live_slots.size = 0;
	for (long i = 0; i < frames; i++) {
		u64 pfn = live_frames.items[i];
		struct frame *frame = frame_at(pfn);

		if (keeps_number(frame, pfn)) {
			append(&live_frames, pfn);
		} else {
			drop(frame);
			frame->listed = 0;
		}
	}
	for (long i = 0; i < offsets; i++) {
		u64 offset = live_slots.items[i];

		if (slot_at(offset)->epoch == epoch)
			append(&live_slots, offset);
		else
			slot_at(offset)->number = 0;
	}
}

/* At the end of each operation; frames_move: whether it may have put known frames at new places. */
void number_pages(int frames_move)
{
	epoch++;
	forget_page_files();
	for (int p = 0; p <= last_process; p++)
		for (int a = 0; processes[p].state == ALIVE && a < nr_areas; a++)
			number_area(&processes[p], a, frames_move);
	sweep();
}

static void mark_frames(int p, int a, u64 va, u64 end, int in_range)
{
	for (long k = 0; k < processes[p].nr_entries[a]; k++) {
		u64 entry = processes[p].entries[a][k], at = areas[a].va + k * PAGE;
		struct frame *frame;

		if (!(entry & PM_PRESENT) || (at >= va && at < end) != in_range)
			continue;
		frame = frame_at(PM_PFN(entry));
		if (!in_range)
			frame->mark = last_mark;
		else if (frame->mark != last_mark && frame->kind != OF_FILE)
			drop(frame);
	}
}

/*
 * Before pages of p are mapped over and filled again in one operation: what only this range maps is freed in it, and
 * may be handed out again at the same place.
 */
void forget_frames_of_range(int p, u64 va, long pages)
{
	last_mark++;
	for (int q = 0; q <= last_process; q++)
		for (int a = 0; processes[q].state == ALIVE && a < nr_areas; a++)
			mark_frames(q, a, q == p ? va : 0, q == p ? va + pages * PAGE : 0, 0);
	for (int a = 0; a < nr_areas; a++)
		mark_frames(p, a, va, va + pages * PAGE, 1);
}
