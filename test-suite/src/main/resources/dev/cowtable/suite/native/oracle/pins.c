/*
 * pin and unpin: io_uring fixed buffers, which are pinned FOLL_WRITE|FOLL_LONGTERM for as long as they are registered.
 *
 * Each process has a ring of its own with a sparse table, made at its first pin; a pin is a slot of the table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "oracle.h"

static void need_ring(struct process *process, int p)
{
	struct io_uring_rsrc_register table = {.nr = MAX_PINS, .flags = IORING_RSRC_REGISTER_SPARSE};

	if (process->ring >= 0)
		return;
	memset((void *)SCRATCH, 0, sizeof(struct io_uring_params));
	process->ring = CALL(p, SYS_io_uring_setup, 1, SCRATCH);
	if (process->ring < 0)
		cannot("line %d: io_uring: %s", line_number, errno_name(-process->ring));
	memcpy((void *)SCRATCH, &table, sizeof(table));
	if (CALL(p, SYS_io_uring_register, process->ring, IORING_REGISTER_BUFFERS2, SCRATCH, sizeof(table)) < 0)
		cannot("line %d: io_uring buffers: %s", line_number, errno_name(-CONTROL->result));
}

/* Registers memory in a slot; zero bytes empty it. */
static long update_slot(struct process *process, int p, int slot, u64 va, u64 bytes)
{
	struct iovec *vector = (struct iovec *)(SCRATCH + 256);
	struct io_uring_rsrc_update2 update = {.offset = slot, .data = (u64)vector, .nr = 1};

	*vector = (struct iovec){(void *)va, bytes};
	memcpy((void *)SCRATCH, &update, sizeof(update));
	return CALL(p, SYS_io_uring_register, process->ring, IORING_REGISTER_BUFFERS_UPDATE, SCRATCH, sizeof(update));
}

static void pin_range(int p)
{
	struct range range = range_words();
	struct process *process = &processes[p];
	int slot = 0;

	need_ring(process, p);
	if (process->nr_pins == MAX_PINS)
		cannot("line %d: at most %d pins here", line_number, MAX_PINS);
	while (process->slot_used[slot])
		slot++;
	if (update_slot(process, p, slot, range.va, range.pages * PAGE) >= 0) {
		process->slot_used[slot] = 1;
		process->pins[process->nr_pins++] = (struct pin){range.va, range.pages, slot};
		print_own(p, "ok");
	} else {
		print_call(p, "");
	}
}

/* The latest pin of just these pages. */
static int find_pin(const struct process *process, struct range range)
{
	int i = process->nr_pins - 1;

	while (i >= 0 && (process->pins[i].va != range.va || process->pins[i].pages != range.pages))
		i--;
	return i;
}

static void unpin_range(int p)
{
	struct range range = range_words();
	struct process *process = &processes[p];
	int i = find_pin(process, range);

	need_ring(process, p);
	if (i < 0) {
		CONTROL->minor = CONTROL->major = 0;
		print_own(p, "%s", errno_name(EINVAL));
		return;
	}
	update_slot(process, p, process->pins[i].slot, 0, 0);
	process->slot_used[process->pins[i].slot] = 0;
	process->nr_pins--;
	memmove(&process->pins[i], &process->pins[i + 1], (process->nr_pins - i) * sizeof(struct pin));
	print_own(p, "%s", CONTROL->result < 0 ? errno_name(-CONTROL->result) : "ok");
}

const struct operation pin_ops[] = {{"pin", pin_range}, {"unpin", unpin_range}, {0}};
