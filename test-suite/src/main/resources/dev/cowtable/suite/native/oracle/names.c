/* Areas and files of a scenario: where they lie and how long they are. */
#define _GNU_SOURCE
#include <string.h>
#include "oracle.h"

#define FIRST_ADDRESS	0x200000000UL
#define TABLE_BYTES	(2UL << 20)

struct area areas[MAX_AREAS];
struct file files[MAX_FILES];
int nr_areas, nr_files;
static u64 next_address = FIRST_ADDRESS;

static struct area *find_area(const char *name)
{
	for (int a = 0; a < nr_areas; a++)
		if (!strcmp(areas[a].name, name))
			return &areas[a];
	return NULL;
}

struct area *area_named(const char *name)
{
	struct area *area = find_area(name);

	if (!area)
		bad_input("unknown area '%s'", name);
	return area;
}

static u64 round_up(u64 value, u64 to)
{
	return (value + to - 1) & -to;
}

/*
 * The area of that name, made or lengthened. A new one lies in tables of its own: at the highest end of all areas,
 * rounded up to 2 MiB, and 2 MiB further.
 */
struct area *define_area(const char *name, long pages, long at, u64 align)
{
	struct area *area = find_area(name);
	u64 behind;

	if (area && at >= 0 && (u64)at != area->va)
		bad_input("area %s lies elsewhere", name);
	if (!area) {
		if (nr_areas == MAX_AREAS)
			cannot("line %d: at most %d areas here", line_number, MAX_AREAS);
		area = &areas[nr_areas++];
		area->name = strdup(name);
		area->va = at >= 0 ? (u64)at : round_up(next_address, align);
	}
	if (pages > area->pages)
		area->pages = pages;
	behind = round_up(area->va + area->pages * PAGE, TABLE_BYTES) + TABLE_BYTES;
	if (behind > next_address)
		next_address = behind;
	return area;
}

static struct file *find_file(const char *name)
{
	for (int i = 0; i < nr_files; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}

struct file *file_named(const char *name)
{
	struct file *file = find_file(name);

	if (!file)
		bad_input("unknown file '%s'", name);
	return file;
}

static struct file *make_file(const char *name)
{
	struct file *file = find_file(name);

	if (file)
		return file;
	if (nr_files == MAX_FILES)
		cannot("line %d: at most %d files here", line_number, MAX_FILES);
	file = &files[nr_files++];
	file->name = strdup(name);
	return file;
}

static void declare(void)
{
	struct file *file = make_file(word("file"));

	file->pages = option_number("pages", 0);
	file->on_disk = has_flag("tmp");
	file->declared = 1;
}

/* Before the run: files are there from the start, an undeclared one as long as its largest mapping. */
void declare_files_of_line(void)
{
	struct file *file;
	long pages;

	if (accept("file")) {
		declare();
		return;
	}
	word("process");
	if (!accept("mmap") || !option("file"))
		return;
	file = make_file(option("file"));
	pages = option_number("pages", 0) + option_number("off", 0);
	if (!file->declared && pages > file->pages)
		file->pages = pages;
}
