/* Files of a run in the folder that the caller gave and removes: those of the scenario, and those for O_DIRECT. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "oracle.h"

#define OD_PAGES	256
#define OD_FIRST_BYTE	112

const char *work_folder;
int od_read_fd, od_write_fd, pipes[NR_PIPES][2];

const char *work_path(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", work_folder, name) < 0)
		abort();
	return path;
}

int open_work(const char *name, int flags)
{
	const char *path = work_path(name);
	int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		cannot("%s: %s", path, strerror(errno));
	return fd;
}

static void fill(int fd, long pages, int first_byte)
{
	char page[PAGE];

	for (long k = 0; k < pages; k++) {
		memset(page, (first_byte + k) & 255, PAGE);
		if (pwrite(fd, page, PAGE, k * PAGE) != (ssize_t)PAGE)
			cannot("%s: %s", work_folder, strerror(errno));
	}
}

/* The descriptor is for the litmus processes, or -1. */
static int open_direct(const char *name, int flags)
{
	int fd = open_work(name, O_RDWR);

	if (lseek(fd, 0, SEEK_END) < (off_t)(OD_PAGES * PAGE)) {
		fill(fd, OD_PAGES, OD_FIRST_BYTE);
		fsync(fd);
	}
	close(fd);
	return open(work_path(name), flags | O_DIRECT);
}

static void make_scenario_file(struct file *file)
{
	if (file->on_disk) {
		file->fd = open_work("file", O_RDWR | O_EXCL);
		unlink(work_path("file"));
	} else {
		file->fd = memfd_create(file->name, MFD_CLOEXEC);
	}
	fcntl(file->fd, F_SETFD, 0);
	fill(file->fd, file->pages, 1);
	if (file->on_disk)
		fsync(file->fd);
}

/* Why: on memory file systems O_DIRECT pins nothing, and advice drops nothing. */
static void check_folder(void)
{
	struct statfs info;

	if (statfs(work_folder, &info))
		cannot("%s: %s", work_folder, strerror(errno));
	if (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC)
		cannot("%s is memory; a folder on a disk is needed", work_folder);
}

void make_work_files(void)
{
	check_folder();
	od_read_fd = open_direct("read", O_RDONLY);
	od_write_fd = open_direct("write", O_RDWR);
	for (int i = 0; i < NR_PIPES; i++)
		if (pipe2(pipes[i], O_NONBLOCK))
			cannot("pipe: %s", strerror(errno));
	for (int i = 0; i < nr_files; i++)
		make_scenario_file(&files[i]);
}
