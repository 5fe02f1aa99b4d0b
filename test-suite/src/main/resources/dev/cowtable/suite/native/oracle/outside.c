/* Operations that no process does: observations, the machine's state, and files from outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "oracle.h"

#define KSM_SCANS 12
#define NOBODY __attribute__((unused)) int nobody

static void observe_all(NOBODY)
{
	struct range range;

	if (!words_left()) {
		observe(NULL);
		return;
	}
	range = range_words();
	observe(&range);
}

static void list(NOBODY)
{
	list_vmas(0);
}

static void list_with_sums(NOBODY)
{
	list_vmas(1);
}

static void swap_space(NOBODY)
{
	swap_on(strcmp(word("kind"), "file"));
	print_result("ok");
}

static void drain_batches(NOBODY)
{
	drain();
	print_result("ok");
}

static void sleep_ms(NOBODY)
{
	usleep(number("milliseconds") * 1000);
	print_result("ok");
}

static void scan_for_ksm(NOBODY)
{
	run_ksm(words_left() ? number("scans") : KSM_SCANS);
	print_result("ok");
}

static void print_outcome(int failed)
{
	print_result(failed ? errno_name(errno) : "ok");
}

static void truncate_file(NOBODY)
{
	struct file *file = file_named(word("file"));

	print_outcome(ftruncate(file->fd, number("pages") * PAGE));
}

static void punch_hole(NOBODY)
{
	struct file *file = file_named(word("file"));
	long first = number("first page"), end = number("end page");

	print_outcome(fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * PAGE,
				(end - first) * PAGE));
}

static void write_file(NOBODY)
{
	struct file *file = file_named(word("file"));
	long page = number("page");
	uint8_t value = byte_word();

	print_outcome(pwrite(file->fd, &value, 1, page * PAGE) != 1);
}

static void read_file(NOBODY)
{
	struct file *file = file_named(word("file"));
	uint8_t value = 0;
	ssize_t n = pread(file->fd, &value, 1, number("page") * PAGE);
	char text[32];

	snprintf(text, sizeof(text), n ? "ok v=%d" : "ok n=0", value);
	print_result(n < 0 ? errno_name(errno) : text);
}

const struct operation outside_ops[] = {
	{"observe", observe_all}, {"vmas", list}, {"smaps", list_with_sums}, {"swap", swap_space},
	{"drain", drain_batches}, {"sleep", sleep_ms}, {"ksm", scan_for_ksm}, {"truncate", truncate_file},
	{"punch", punch_hole}, {"fwrite", write_file}, {"fread", read_file}, {0}};
