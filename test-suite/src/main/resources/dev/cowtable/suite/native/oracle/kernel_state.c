/*
 * What belongs to the whole machine: swap space, KSM, khugepaged, and the per-CPU batches of pages on their way to an
 * LRU list. The guard puts everything back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "oracle.h"

#define SWAP_BYTES	(256L << 20)
#define SWAP_PRIORITY	32767	/* before any other swap space */
#define KSM_FOLDER	"/sys/kernel/mm/ksm/"

#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define KHUGEPAGED	THP "khugepaged/"
#define HUGE_BYTES	(4UL << 20)
#define AN_HOUR_MS	3600000
#define SCAN_TRIES	1000
#define SCAN_TRY_US	1000

static int drain_fd;

/* A page with a label that swapon accepts, version 1. */
static void write_swap_label(int fd)
{
	char label[PAGE] = {0};
	uint32_t version = 1, last_page = SWAP_BYTES / PAGE - 1;

	memcpy(label + 1024, &version, sizeof(version));
	memcpy(label + 1028, &last_page, sizeof(last_page));
	memcpy(label + PAGE - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, label, PAGE, 0) != (ssize_t)PAGE || fsync(fd))
		cannot("swap space: %s", strerror(errno));
	close(fd);
}

static const char *make_swap_file(void)
{
	const char *path = work_path("swap");
	int fd = open_work("swap", O_RDWR);
	int error = posix_fallocate(fd, 0, SWAP_BYTES);

	if (error)
		cannot("a swap file of %ld MiB in %s: %s", SWAP_BYTES >> 20, work_folder, strerror(error));
	write_swap_label(fd);
	return path;
}

/* A compressed RAM disk of our own; reading hot_add makes one. */
static const char *make_zram(void)
{
	static char path[32];
	char id[16], size_file[64];
	int fd;

	if (read_text("/sys/class/zram-control/hot_add", id, sizeof(id)) || !*id)
		cannot("no zram device to be had from this kernel");
	ward->zram = atoi(id) + 1;
	snprintf(path, sizeof(path), "/dev/zram%s", id);
	snprintf(size_file, sizeof(size_file), "/sys/block/zram%s/disksize", id);
	if (write_text(size_file, "%ld", SWAP_BYTES))
		cannot("%s: %s", size_file, strerror(errno));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		cannot("%s: %s", path, strerror(errno));
	write_swap_label(fd);
	return path;
}

/* No read-ahead: what is swapped in is what was asked for. */
void swap_on(int on_zram)
{
	const char *path;

	write_text("/sys/kernel/mm/swap/vma_ra_enabled", "false");
	write_text("/proc/sys/vm/page-cluster", "0");
	path = on_zram ? make_zram() : make_swap_file();
	if (swapon(path, SWAP_FLAG_PREFER | SWAP_PRIORITY))
		cannot("the kernel does not swap to %s: %s", path, strerror(errno));
}

/* -1 if it cannot be read. */
static long number_of(const char *path)
{
	char text[32];

	return read_text(path, text, sizeof(text)) ? -1 : atol(text);
}

/* Memory for which khugepaged looks at this process, and in which it finds nothing: once written, empty again. */
static void want_huge_pages(void)
{
	char *memory = mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		cannot("mmap: %s", strerror(errno));
	*(volatile char *)memory = 1;
	madvise(memory, HUGE_BYTES, MADV_DONTNEED);
	madvise(memory, HUGE_BYTES, MADV_HUGEPAGE);
}

/*
 * Huge pages that appear by themselves are none of the scenario: khugepaged gets to sleep for longer than a run. It
 * wakes up for the first process that wants huge pages, so let that be us, and let it look at us once.
 */
void stop_khugepaged(void)
{
	long scans = number_of(KHUGEPAGED "full_scans");
	char enabled[64];

	if (read_text(THP "enabled", enabled, sizeof(enabled)) || strstr(enabled, "[never]"))
		return;
	write_text(KHUGEPAGED "scan_sleep_millisecs", "%d", AN_HOUR_MS);
	want_huge_pages();
	for (int i = 0; i < SCAN_TRIES && number_of(KHUGEPAGED "full_scans") == scans; i++)
		usleep(SCAN_TRY_US);
}

/* Lets KSM look at everything that many times. */
void run_ksm(long scans)
{
	long goal = number_of(KSM_FOLDER "full_scans") + scans;

	if (write_text(KSM_FOLDER "sleep_millisecs", "1") || write_text(KSM_FOLDER "pages_to_scan", "100000")
	    || write_text(KSM_FOLDER "run", "1"))
		cannot("no KSM in this kernel");
	while (number_of(KSM_FOLDER "full_scans") < goal)
		usleep(1000);
	write_text(KSM_FOLDER "run", "0");
	usleep(5000);
}

/* The file's only page is mapped, so that it cannot be dropped. */
void open_drain_file(void)
{
	volatile char *page;

	drain_fd = open_work("drain", O_RDWR);
	if (ftruncate(drain_fd, PAGE))
		cannot("%s: %s", work_folder, strerror(errno));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, drain_fd, 0);
	if (page == MAP_FAILED)
		cannot("mmap: %s", strerror(errno));
	*page = 1;
}

/* Empties the batches of all CPUs: the kernel does so when pages that it is advised to drop stay. */
void drain(void)
{
	posix_fadvise(drain_fd, 0, 0, POSIX_FADV_DONTNEED);
}
