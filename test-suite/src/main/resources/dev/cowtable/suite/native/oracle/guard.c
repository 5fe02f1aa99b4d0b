/*
 * The first process of a run: starts the controller, waits for it, and undoes what the run leaves behind.
 *
 * However the run ends (by itself, at the time limit, by a signal, or because whoever holds our standard input has
 * gone), all litmus processes are dead, the swap space is off, and the kernel's settings are as they were, before this
 * process ends. Swap space and KSM belong to the whole machine: one run at a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "oracle.h"

#define LOCK_FILE "/proc/kpageflags"	/* every run on this machine opens it, and it is always there */
#define ASK_AGAIN_MS 20
#define REMOVE_TRIES 100

static struct {
	const char *path;
	char saved[64];
} settings[] = {
	{"/sys/kernel/mm/swap/vma_ra_enabled", ""}, {"/proc/sys/vm/page-cluster", ""},
	{"/sys/kernel/mm/ksm/run", ""}, {"/sys/kernel/mm/ksm/sleep_millisecs", ""},
	{"/sys/kernel/mm/ksm/pages_to_scan", ""},
	{"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", ""}};
#define NR_SETTINGS (sizeof(settings) / sizeof(*settings))

struct ward *ward;
static volatile sig_atomic_t stopped_by;

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

static void on_stop(int signal)
{
	stopped_by = signal;
}

static int is_abandoned(void)
{
	struct pollfd in = {.fd = STDIN_FILENO};

	return poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR));
}

/* Kept until this process ends. */
static void take_lock(void)
{
	int fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		cannot("only root may look at page frames (" LOCK_FILE ": %s)", strerror(errno));
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (stopped_by || is_abandoned())
			exit(STOPPED);
		usleep(ASK_AGAIN_MS * 1000);
	}
}

static void save_settings(void)
{
	for (unsigned i = 0; i < NR_SETTINGS; i++)
		read_text(settings[i].path, settings[i].saved, sizeof(settings[i].saved));
}

static void restore_settings(void)
{
	char now[64];

	for (unsigned i = 0; i < NR_SETTINGS; i++)
		if (!read_text(settings[i].path, now, sizeof(now)) && strcmp(now, settings[i].saved))
			write_text(settings[i].path, "%s", settings[i].saved);
}

static void undo(void)
{
	char path[32];

	swapoff(work_path("swap"));
	if (ward->zram) {
		snprintf(path, sizeof(path), "/dev/zram%d", ward->zram - 1);
		swapoff(path);
		for (int i = 0; i < REMOVE_TRIES; i++) {	/* busy while somebody looks at the device */
			if (!write_text("/sys/class/zram-control/hot_remove", "%d", ward->zram - 1))
				break;
			usleep(ASK_AGAIN_MS * 1000);
		}
	}
	restore_settings();
}

static pid_t start(int (*run)(void))
{
	pid_t child = fork();

	if (child < 0)
		cannot("fork: %s", strerror(errno));
	if (child) {
		setpgid(child, child);
		return child;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	exit(run());
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the end of the child; why it must be ended otherwise, or NULL. */
static const char *watch(pid_t child, int limit_seconds)
{
	struct pollfd fds[] = {{.fd = syscall(SYS_pidfd_open, child, 0), .events = POLLIN}, {.fd = STDIN_FILENO}};
	long end = now_ms() + 1000L * limit_seconds, left;
	static char reason[64];

	while (!stopped_by && (left = end - now_ms()) > 0) {
		if (poll(fds, 2, left) > 0 && fds[0].revents)
			return NULL;
		if (fds[1].revents & (POLLHUP | POLLERR))
			return "the caller has gone";
		fds[1].fd = fds[1].revents ? -1 : fds[1].fd;	/* no standard input */
	}
	if (stopped_by)
		snprintf(reason, sizeof(reason), "stopped by signal %d", stopped_by);
	else
		snprintf(reason, sizeof(reason), "no end after %d s", limit_seconds);
	return reason;
}

/* Kills and reaps the child's whole group; the child's wait status. */
static int end_all(pid_t child)
{
	int status, result = 0;
	pid_t pid;

	kill(-child, SIGKILL);
	while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
		if (pid == child)
			result = status;
	return result;
}

/* Runs the controller in a child. Exit code: the child's, or STOPPED with a line on standard error. */
int guarded(int limit_seconds, int (*run)(void))
{
	struct sigaction stop = {.sa_handler = on_stop};
	const char *reason;
	pid_t child;
	int status;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	ward = mmap(NULL, sizeof(*ward), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ward == MAP_FAILED)
		cannot("mmap: %s", strerror(errno));
	take_lock();
	save_settings();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = start(run);
	reason = watch(child, limit_seconds);
	status = end_all(child);
	undo();
	if (!reason && WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!reason)
		reason = strsignal(WTERMSIG(status));
	fprintf(stderr, "%s in operation %d| %s\n", reason, ward->op, ward->text);
	return STOPPED;
}
