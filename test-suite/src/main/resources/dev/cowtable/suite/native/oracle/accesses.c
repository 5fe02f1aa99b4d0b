/*
 * Operations that read and write memory: the process's own by load and store, pipe or O_DIRECT file (access_ops), and
 * another process's through /proc/PID/mem or process_vm_readv and process_vm_writev (foreign_ops).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "oracle.h"

static void store_pages(int p, u64 va, long pages, long first_index, long value)
{
	CONTROL->args[0] = va;
	CONTROL->args[1] = pages;
	CONTROL->args[2] = first_index;
	CONTROL->value = value;
	command(p, DO_STORE, 1);
}

static void load_pages(int p, u64 va, long pages)
{
	CONTROL->args[0] = va;
	CONTROL->args[1] = pages;
	command(p, DO_LOAD, 1);
}

static void write_page(int p)
{
	u64 va = page_word();

	store_pages(p, va, 1, 0, byte_word());
	print_access(p, 0);
}

/* A i j, each with a value or without: alone, one word is the value. */
static void touch_range(int p)
{
	struct area *area = area_word();
	struct range range = range_of(area, 0, area->pages);

	if (words_left() >= 2) {
		long first = number("first page");

		range = range_of(area, first, number("end page"));
	}
	store_pages(p, range.va, range.pages, range.first, words_left() ? byte_word() : -1);
	print_access(p, 1);
}

static void read_page(int p)
{
	load_pages(p, page_word(), 1);
	if (CONTROL->signal)
		print_access(p, 0);
	else
		print_own(p, "ok v=%d", VALUES[0]);
}

static void read_range(int p)
{
	struct range range = range_words();
	char *list;
	int length = 0;

	if (range.pages > MAX_VALUES)
		cannot("line %d: readrange takes up to %ld pages here", line_number, MAX_VALUES);
	load_pages(p, range.va, range.pages);
	if (CONTROL->signal) {
		print_access(p, 1);
		return;
	}
	list = zeroed(range.pages + 1, sizeof(",255"));
	for (long i = 0; i < range.pages; i++)
		length += sprintf(list + length, "%s%d", i ? "," : "", VALUES[i]);
	print_own(p, "ok v=%s", list);
	free(list);
}

static int pipe_word(void)
{
	const char *name = word("pipe");
	long pipe = name[0] == 'q' ? number_in(name + 1) : NR_PIPES;

	if (pipe >= NR_PIPES)
		bad_input("expected a pipe, got '%s'", name);
	return pipe;
}

static void vmsplice_page(int p)
{
	struct area *area = area_word();
	long page = number("page");
	struct iovec *vector = (struct iovec *)SCRATCH;

	if (!accept("->"))
		bad_input("expected ->");
	*vector = (struct iovec){(void *)(area->va + page * PAGE), PAGE};
	CALL(p, SYS_vmsplice, pipes[pipe_word()][1], SCRATCH, 1, SPLICE_F_NONBLOCK);
	print_call(p, "ok n=%ld");
}

/* The byte that the last call put at the front of the data page. */
static void print_byte(int p)
{
	if (CONTROL->result < 0)
		print_call(p, "");
	else
		print_own(p, "ok v=%d", *(uint8_t *)DATA_PAGE);
}

static void read_pipe(int p)
{
	CALL(p, SYS_read, pipes[pipe_word()][0], DATA_PAGE, PAGE);
	print_byte(p);
}

static void direct_io(int p, long nr, int fd)
{
	u64 va = page_word();
	long file_page = words_left() ? number("page") : 0;

	if (fd < 0)
		cannot("line %d: no O_DIRECT in %s", line_number, work_folder);
	CALL(p, nr, fd, va, PAGE, file_page * PAGE);
	print_call(p, "ok n=%ld");
}

static void direct_read(int p)
{
	direct_io(p, SYS_pread64, od_read_fd);
}

static void direct_write(int p)
{
	direct_io(p, SYS_pwrite64, od_write_fd);
}

/* The target process's words; false if it has ended, which is printed. */
static int foreign_words(int *pid, u64 *va)
{
	int target = process_word();

	*va = page_word();
	*pid = processes[target].pid;
	if (processes[target].state == ALIVE)
		return 1;
	print_result("DEAD-PROCESS");
	return 0;
}

static void mem_access(int p, int writes)
{
	int pid;
	u64 va;
	long fd;

	if (!foreign_words(&pid, &va))
		return;
	snprintf((char *)SCRATCH, PAGE, "/proc/%d/mem", pid);
	fd = CALL(p, SYS_openat, AT_FDCWD, SCRATCH, O_RDWR, 0);
	if (fd < 0)
		cannot("/proc/PID/mem: %s", errno_name(-fd));
	*(uint8_t *)DATA_PAGE = writes ? byte_word() : 0;
	CALL(p, writes ? SYS_pwrite64 : SYS_pread64, fd, DATA_PAGE, 1, va);
	if (writes)
		print_call(p, "ok");
	else
		print_byte(p);
	if (processes[p].state == ALIVE)
		CALL(p, SYS_close, fd);
}

static void mem_write(int p)
{
	mem_access(p, 1);
}

static void mem_read(int p)
{
	mem_access(p, 0);
}

static void process_vm_access(int p, int writes)
{
	struct iovec *vectors = (struct iovec *)SCRATCH;
	int pid;
	u64 va;

	if (!foreign_words(&pid, &va))
		return;
	vectors[0] = (struct iovec){(void *)DATA_PAGE, 1};
	vectors[1] = (struct iovec){(void *)va, 1};
	*(uint8_t *)DATA_PAGE = writes ? byte_word() : 0;
	CALL(p, writes ? SYS_process_vm_writev : SYS_process_vm_readv, pid, (long)&vectors[0], 1, (long)&vectors[1], 1,
	     0);
	if (writes)
		print_call(p, "ok");
	else
		print_byte(p);
}

static void process_vm_write(int p)
{
	process_vm_access(p, 1);
}

static void process_vm_read(int p)
{
	process_vm_access(p, 0);
}

const struct operation access_ops[] = {
	{"write", write_page}, {"touchrange", touch_range}, {"read", read_page}, {"readrange", read_range},
	{"vmsplice", vmsplice_page}, {"readpipe", read_pipe}, {"odread", direct_read}, {"odwrite", direct_write}, {0}};

const struct operation foreign_ops[] = {
	{"memwrite", mem_write}, {"memread", mem_read}, {"pvmwrite", process_vm_write}, {"pvmread", process_vm_read},
	{0}};
