/*
 * Swap space and the process that takes it away again, however the others end: it waits until nobody holds the other
 * end of its pipe any more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>
#include "memory.h"

#define LOCK_FILE "/proc/kpageflags" /* every program of this suite that swaps has it locked */
#define SWAP_PRIORITY 32767	     /* before any other swap space */
#define TRIES 250
#define TRY_US 20000

struct ward *ward;
static int ward_pipe = -1;
static pid_t ward_pid;

/* Reads a small file without its line end; -1 if it cannot be read. */
int read_text(const char *path, char *text, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	return n < 0 ? -1 : 0;
}

int write_text(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), written;
	va_list list;

	if (fd < 0)
		return -1;
	va_start(list, format);
	written = vdprintf(fd, format, list);
	va_end(list);
	close(fd);
	return written < 0 ? -1 : 0;
}

/* Swap space belongs to the whole machine: one at a time. Held until this process and the ward have ended. */
int lock_swap(void)
{
	int fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		usleep(TRY_US);
	}
	return -1;
}

/* Tried again while somebody looks at the device. NULL, or why it failed. */
const char *swap_off(void)
{
	const char *failure = NULL;
	char path[32];
	int gone = !ward->zram;

	if (*ward->swap_file) {
		if (swapoff(ward->swap_file) && errno != EINVAL && errno != ENOENT)
			failure = strerror(errno);
		unlink(ward->swap_file);
		*ward->swap_file = 0;
	}
	if (ward->zram) {
		snprintf(path, sizeof(path), "/dev/zram%d", ward->zram - 1);
		if (swapoff(path) && errno != EINVAL && errno != ENOENT)
			failure = strerror(errno);
	}
	for (int i = 0; i < TRIES && !gone; i++) {
		gone = !write_text("/sys/class/zram-control/hot_remove", "%d", ward->zram - 1);
		if (!gone)
			usleep(TRY_US);
	}
	ward->zram = gone ? 0 : ward->zram;
	return failure;
}

static void undo(void)
{
	swap_off();
	for (int i = 0; i < TRIES && *ward->cgroup && rmdir(ward->cgroup) && errno == EBUSY; i++)
		usleep(TRY_US);
}

static void keep_watch(int fd)
{
	char c;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(fd, &c, 1) > 0 || errno == EINTR)
		errno = 0;
	undo();
	_exit(0);
}

void start_ward(void)
{
	int fds[2];

	ward = mmap(NULL, sizeof(*ward), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ward == MAP_FAILED || pipe2(fds, O_CLOEXEC))
		die("ward");
	fflush(stdout);
	ward_pid = fork();
	if (ward_pid < 0)
		die("fork");
	if (!ward_pid) {
		close(fds[1]);
		keep_watch(fds[0]);
	}
	close(fds[0]);
	ward_pipe = fds[1];
}

/* Everything is undone when this returns. */
void end_ward(void)
{
	close(ward_pipe);
	waitpid(ward_pid, NULL, 0);
}

/* A child that does nothing, and ends with its parent. */
pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		close(ward_pipe);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	return pid;
}

/* A first page that swapon accepts, version 1. NULL, or why not. */
static const char *write_label(int fd, size_t bytes)
{
	char label[PAGE] = {0};
	uint32_t version = 1, last_page = bytes / PAGE - 1;
	int failed;

	memcpy(label + 1024, &version, sizeof(version));
	memcpy(label + 1028, &last_page, sizeof(last_page));
	memcpy(label + PAGE - 10, "SWAPSPACE2", 10);
	failed = pwrite(fd, label, PAGE, 0) != (ssize_t)PAGE || fsync(fd);
	close(fd);
	return failed ? "the swap space cannot be written" : NULL;
}

static const char *make_zram(size_t bytes, char *path, int size)
{
	char id[16], size_file[64];

	if (read_text("/sys/class/zram-control/hot_add", id, sizeof(id)) || !*id)
		return "no zram device to be had from this kernel";
	ward->zram = atoi(id) + 1;
	snprintf(path, size, "/dev/zram%s", id);
	snprintf(size_file, sizeof(size_file), "/sys/block/zram%s/disksize", id);
	return write_text(size_file, "%zu", bytes) ? "the zram device takes no size" : NULL;
}

/* Turns on swap to a new zram device or the file that the ward knows; NULL, or why not. */
const char *swap_on(int on_zram, size_t bytes)
{
	char path[256];
	const char *reason = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s", ward->swap_file);
	if (on_zram)
		reason = make_zram(bytes, path, sizeof(path));
	if (reason)
		return reason;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || (!on_zram && posix_fallocate(fd, 0, bytes)))
		return "no room for the swap space";
	reason = write_label(fd, bytes);
	if (!reason && swapon(path, SWAP_FLAG_PREFER | SWAP_PRIORITY))
		reason = strerror(errno);
	return reason;
}
