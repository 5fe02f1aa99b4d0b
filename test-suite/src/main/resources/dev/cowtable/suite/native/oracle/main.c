/*
 * Runs a litmus scenario on the running Linux kernel and prints what it did, in the format of the emulator's runner.
 *
 *     oracle FOLDER SECONDS FILE
 *
 * FOLDER is an empty one on a disk file system; the caller removes it. The run is ended after SECONDS, and when
 * standard input is closed. Needs root. Exit code 0: all was printed. Otherwise nothing was printed but one line on
 * standard error: 2 bad input, 3 this machine cannot, 4 stopped or out of time.
 *
 * Three kinds of process: the guard (guard.c), its child the controller, and the controller's children, the litmus
 * processes (process.c), which are this same program run again so that they have its small and fixed layout.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>
#include "oracle.h"

#define OUTPUT_BYTES (1 << 20)

int line_number;
static char **lines;
static int nr_lines;

static void complain(const char *format, va_list list)
{
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	fflush(stderr);
}

void bad_input(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fprintf(stderr, "line %d: ", line_number);
	complain(format, list);
	_exit(BAD_INPUT);
}

void cannot(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain(format, list);
	_exit(CANNOT);
}

/* calloc that does not fail. */
void *zeroed(u64 count, u64 size)
{
	void *memory = calloc(count, size);

	if (!memory)
		cannot("out of memory");
	return memory;
}

static void read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file)
		cannot("%s: %s", path, strerror(errno));
	do {
		lines = realloc(lines, (nr_lines + 1) * sizeof(*lines));
		lines[nr_lines] = NULL;
		size = 0;
	} while (getline(&lines[nr_lines], &size, file) > 0 && ++nr_lines);
	fclose(file);
}

static void map_region(int fd)
{
	if (mmap((void *)REGION, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0)
	    != (void *)REGION)
		cannot("the shared region cannot be mapped: %s", strerror(errno));
}

static int make_region(void)
{
	int fd = memfd_create("control", 0);

	if (fd < 0 || ftruncate(fd, REGION_BYTES))
		cannot("memfd: %s", strerror(errno));
	map_region(fd);
	memset((void *)REGION, 0, REGION_BYTES);
	return fd;
}

/* Without CAP_SYS_ADMIN entries are shown, but frame numbers are 0. */
static void check_frames_are_shown(void)
{
	u64 entry;

	read_pagemap(processes[0].pid, REGION, 1, &entry);
	if (!(entry & PM_PRESENT) || !PM_PFN(entry))
		cannot("only root with CAP_SYS_ADMIN may look at page frames");
}

static void set_up(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, nothing = {0, 0};

	setrlimit(RLIMIT_MEMLOCK, &all);
	setrlimit(RLIMIT_CORE, &nothing);
	stop_khugepaged();
	open_page_files();
	make_work_files();
	open_drain_file();
	start_first_process(make_region());
	check_frames_are_shown();
	base_vmpte = status_number(processes[0].pid, "VmPTE:");
	drain();
}

static const struct operation *find(const struct operation *table, const char *name)
{
	for (; table->word; table++)
		if (!strcmp(table->word, name))
			return table;
	return NULL;
}

static void run_own(int p)
{
	static const struct operation *const tables[] = {
		life_ops, mapping_ops, access_ops, foreign_ops, pin_ops, uffd_ops};
	const char *name = word("operation");
	const struct operation *operation = NULL;

	for (unsigned i = 0; i < sizeof(tables) / sizeof(*tables) && !operation; i++)
		operation = find(tables[i], name);
	if (!operation)
		bad_input("unknown operation '%s'", name);
	if (processes[p].state != ALIVE) {
		define_areas_of_dead(name);
		print_result("DEAD-PROCESS");
		return;
	}
	operation->run(p);
	if (processes[p].state == DEAD)
		forget_process(p);
}

static void run_outside(void)
{
	const char *name = word("operation");
	const struct operation *operation = find(outside_ops, name);

	if (!operation)
		bad_input("unknown operation '%s'", name);
	operation->run(-1);
}

static int is_of_process(const char *text)
{
	return text[0] == 'P' && text[1] >= '0' && text[1] <= '9';
}

/* Whether the operation may put frames at places where they were not before. */
static int moves_frames(void)
{
	static const char *const movers[] = {"fork", "mremap", "uffdmove"};
	const char *text = line_text(), *blank = strchr(text, ' ');

	if (!is_of_process(text))
		return !strncmp(text, "ksm", 3);
	for (unsigned i = 0; i < sizeof(movers) / sizeof(*movers); i++)
		if (!strncmp(blank + 1, movers[i], strlen(movers[i])))
			return 1;
	return 0;
}

static void run_line(void)
{
	const char *text = line_text();

	ward->op = ++op_number;
	snprintf(ward->text, sizeof(ward->text), "%s", text);
	if (is_of_process(text))
		run_own(process_word());
	else
		run_outside();
	await_writeback();
	number_pages(moves_frames());
}

static int is_operation(const char *line)
{
	return read_line(line) && strncmp(line_text(), "file ", 5);
}

/* The controller's life. */
static int run_scenario(void)
{
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	for (line_number = 1; line_number <= nr_lines; line_number++)
		if (read_line(lines[line_number - 1]) > 2)
			declare_files_of_line();
	line_number = 0;
	set_up();
	for (line_number = 1; line_number <= nr_lines; line_number++)
		if (is_operation(lines[line_number - 1]))
			run_line();
	if (fflush(stdout))
		cannot("output: %s", strerror(errno));
	return 0;
}

/* Starts over without randomized addresses. */
static void fix_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	if (personality(now | ADDR_NO_RANDOMIZE) < 0)
		cannot("addresses stay randomized: personality: %s", strerror(errno));
	execv("/proc/self/exe", argv);
	cannot("/proc/self/exe: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "process")) {
		map_region(atoi(argv[2]));
		process_main();
	}
	if (argc != 4) {
		fprintf(stderr, "usage: oracle FOLDER SECONDS FILE\n");
		return BAD_INPUT;
	}
	fix_addresses(argv);
	work_folder = argv[1];
	read_file(argv[3]);
	return guarded(atoi(argv[2]), run_scenario);
}
