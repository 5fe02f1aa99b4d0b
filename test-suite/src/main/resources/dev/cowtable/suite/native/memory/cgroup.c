/* A memory cgroup of our own, by which the kernel can be told to reclaim our pages and no others. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "memory.h"

static int version;

static int make(const char *root, const char *knob)
{
	char path[512];

	snprintf(ward->cgroup, sizeof(ward->cgroup), "%s/cowtable-bench-%d", root, getpid());
	if (mkdir(ward->cgroup, 0755)) {
		*ward->cgroup = 0;
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", ward->cgroup, knob);
	if (access(path, W_OK) == 0) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", ward->cgroup);
		if (!write_text(path, "%d", getpid()))
			return 0;
	}
	rmdir(ward->cgroup);
	*ward->cgroup = 0;
	return -1;
}

/* Moves this process into a new cgroup; NULL, or why not. */
const char *join_cgroup(void)
{
	if (!make("/sys/fs/cgroup/memory", "memory.limit_in_bytes"))
		version = 1;
	else if (!make("/sys/fs/cgroup", "memory.reclaim"))
		version = 2;
	return version ? NULL : "no memory cgroup can be made";
}

/* Makes the kernel take about so much of the cgroup's memory back, at once. Version 1 can only be given a limit. */
void reclaim(size_t bytes)
{
	char path[512], text[32];
	long usage;

	if (version == 2) {
		snprintf(path, sizeof(path), "%s/memory.reclaim", ward->cgroup);
		write_text(path, "%zu", bytes);
		return;
	}
	snprintf(path, sizeof(path), "%s/memory.usage_in_bytes", ward->cgroup);
	read_text(path, text, sizeof(text));
	usage = atol(text) - (long)bytes;
	snprintf(path, sizeof(path), "%s/memory.limit_in_bytes", ward->cgroup);
	write_text(path, "%ld", usage < 0 ? 0 : usage);
	write_text(path, "-1");
}
