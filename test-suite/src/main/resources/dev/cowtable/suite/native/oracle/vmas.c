/* vmas and smaps: the VMAs of the scenario's areas as /proc/PID/smaps lists them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oracle.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A VMA of smaps while its lines are read. */
struct vma {
	u64 start, end;
	char rights[8];
	long kib[13];
};

static const char *const flag_words[] = {
	" sh", " gd", " um", " gu", " uw", " lo", " dc", " lf", " ac", " nr", " wf", " hg", " nh", " mg", " ui"};

/* The last four, two and two, are printed as shared= and private=. */
static const char *const keys[] = {
	"Rss:", "Pss:", "Anonymous:", "AnonHugePages:", "LazyFree:", "KSM:", "Swap:", "SwapPss:", "Locked:",
	"Shared_Clean:", "Shared_Dirty:", "Private_Clean:", "Private_Dirty:"};
static const char *const printed_keys[] = {
	"rss", "pss", "anon", "thp", "lazyfree", "ksm", "swap", "swappss", "locked"};

static void print_end(u64 va, int pages_further)
{
	for (int a = 0; a < nr_areas; a++) {
		if (va >= areas[a].va && va < areas[a].va + areas[a].pages * PAGE) {
			printf("%s+%ld", areas[a].name, (long)((va - areas[a].va) / PAGE) + pages_further);
			return;
		}
	}
	printf("0x%lx", va + pages_further * PAGE);
}

static int is_of_scenario(const struct vma *vma)
{
	for (int a = 0; a < nr_areas; a++)
		if (vma->start < areas[a].va + areas[a].pages * PAGE && areas[a].va < vma->end)
			return 1;
	return 0;
}

static void print_vma(int p, const struct vma *vma, const char *flags, int with_sums)
{
	printf("  P%d vma ", p);
	print_end(vma->start, 0);
	printf("..");
	print_end(vma->end - PAGE, 1);
	printf(" %s", vma->rights);
	for (unsigned i = 0; i < COUNT(flag_words); i++)
		if (strstr(flags, flag_words[i]))
			printf("%s", flag_words[i]);
	for (unsigned i = 0; with_sums && i < COUNT(printed_keys); i++)
		printf(" %s=%ld", printed_keys[i], vma->kib[i]);
	if (with_sums)
		printf(" shared=%ld private=%ld", vma->kib[9] + vma->kib[10], vma->kib[11] + vma->kib[12]);
	printf("\n");
}

/* Takes one line of smaps; VmFlags is a VMA's last. */
static void take_line(int p, struct vma *vma, const char *line, int with_sums)
{
	static const char flags[] = "VmFlags:";
	struct vma next = {0};

	if (sscanf(line, "%lx-%lx %7s", &next.start, &next.end, next.rights) == 3) {
		*vma = next;
		return;
	}
	for (unsigned i = 0; i < COUNT(keys); i++)
		if (!strncmp(line, keys[i], strlen(keys[i])))
			vma->kib[i] = atol(line + strlen(keys[i]));
	if (!strncmp(line, flags, strlen(flags)) && is_of_scenario(vma))
		print_vma(p, vma, line + strlen(flags), with_sums);
}

void list_vmas(int with_sums)
{
	print_result("");
	for (int p = 0; p <= last_process; p++) {
		char path[64], *line = NULL;
		size_t size = 0;
		struct vma vma = {0};
		FILE *file;

		if (processes[p].state != ALIVE)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/smaps", processes[p].pid);
		file = fopen(path, "re");
		while (file && getline(&line, &size, file) > 0)
			take_line(p, &vma, line, with_sums);
		free(line);
		if (file)
			fclose(file);
	}
}
