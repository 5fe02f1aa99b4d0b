/*
 * What the controller's files share: the scenario's names, its processes, and who does what.
 *
 * The controller reads a scenario, has its litmus processes do the operations, and prints what it observes of them.
 * Addresses are bytes, lengths pages.
 *
 * The litmus processes run the same program, all of which they touch: static variables must be few. Memory comes
 * from zeroed().
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdint.h>
#include "control.h"

typedef uint64_t u64;

#define PAGE		4096UL
#define MAX_AREAS	256
#define MAX_FILES	64
#define MAX_PINS	1024
#define NR_PIPES	8

/* main.c: an end before the end; one line on standard error. Lines of the scenario are named by number. */
#define BAD_INPUT	2
#define CANNOT		3
#define STOPPED		4
void bad_input(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void cannot(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
extern int line_number;
void *zeroed(u64 count, u64 size);

/* names.c: areas and files of the scenario */
struct area {
	char *name;
	u64 va;
	long pages;
};
struct file {
	char *name;
	long pages;
	int on_disk, declared, fd;
};
extern struct area areas[MAX_AREAS];
extern struct file files[MAX_FILES];
extern int nr_areas, nr_files;
struct area *area_named(const char *name);
struct area *define_area(const char *name, long pages, long at, u64 align);
struct file *file_named(const char *name);
void declare_files_of_line(void);

/* words.c: the line being read; a word is consumed from the front, options are looked up in the rest */
struct range {
	struct area *area;
	long first, end;	/* pages of the area, half open */
	u64 va;
	long pages;
};
int read_line(const char *line);
const char *line_text(void);
int words_left(void);
const char *word(const char *what);
int accept(const char *expected);
int has_flag(const char *flag);
const char *option(const char *key);
long option_number(const char *key, long otherwise);
long option_hex(const char *key, long otherwise);
long number(const char *what);
long number_in(const char *text);
long byte_word(void);
int process_word(void);
struct area *area_word(void);
struct range range_of(struct area *area, long first, long end);
struct range range_words(void);
u64 page_word(void);
u64 page_in(const char *text, long pages);
int protection(const char *text);
int advice_word(void);

/* process_table.c: litmus processes as the controller sees them, and how they are told what to do */
struct pin {
	u64 va;
	long pages;
	int slot;
};
struct process {
	int pid;
	enum { UNBORN, ALIVE, DEAD } state;
	int ring, uffd;			/* descriptors in the process, or -1 */
	char slot_used[MAX_PINS];
	struct pin pins[MAX_PINS];
	int nr_pins;
	u64 *entries[MAX_AREAS];	/* pagemap at the end of the last operation */
	long nr_entries[MAX_AREAS];
};
extern struct process *processes;
extern int last_process;
void start_first_process(int region_fd);
void command(int p, enum command what, int answers);
long call_process(int p, long nr, const long args[6]);
#define CALL(p, nr, ...) call_process(p, nr, (const long[6]){__VA_ARGS__})
void forget_process(int p);

/* results.c: the line of an operation */
extern int op_number;
void print_result(const char *result);
void print_own(int p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_call(int p, const char *format);
void print_access(int p, int of_range);
int print_death(int p);
const char *errno_name(int error);

/* operations, by their word */
struct operation {
	const char *word;
	void (*run)(int p);	/* p is the process that does it, or none for outside_ops */
};
extern const struct operation life_ops[], mapping_ops[], access_ops[], foreign_ops[], pin_ops[], uffd_ops[],
	outside_ops[];
void define_areas_of_dead(const char *op);

/* kernel_state.c: what belongs to the whole machine */
void swap_on(int on_zram);
void run_ksm(long scans);
void stop_khugepaged(void);
void drain(void);
void open_drain_file(void);

/* guard.c: undoes what a run leaves behind, however it ends */
struct ward {
	int zram;		/* number of the device + 1, or 0 */
	int op;
	char text[256];		/* of operation op */
};
extern struct ward *ward;
int guarded(int limit_seconds, int (*run)(void));
int read_text(const char *path, char *text, int size);
int write_text(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* work_files.c: files in the folder that the caller gave */
extern int od_read_fd, od_write_fd, pipes[NR_PIPES][2];
extern const char *work_folder;
const char *work_path(const char *name);
int open_work(const char *name, int flags);
void make_work_files(void);

/* pagemap.c: what /proc tells of pages */
#define PM_PRESENT	(1UL << 63)
#define PM_SWAP		(1UL << 62)
#define PM_FILE		(1UL << 61)
#define PM_GUARD	(1UL << 58)
#define PM_WP		(1UL << 57)
#define PM_SOLE		(1UL << 56)
#define PM_PFN(entry)	((entry) & ((1UL << 55) - 1))
#define PM_TYPE(entry)	((entry) & 31)
#define PM_SLOT(entry)	(((entry) >> 5) & ((1UL << 50) - 1))
#define KPF_LRU		(1UL << 5)
#define KPF_SLAB	(1UL << 7)
#define KPF_WRITEBACK	(1UL << 8)
#define KPF_BUDDY	(1UL << 10)
#define KPF_MMAP	(1UL << 11)
#define KPF_ANON	(1UL << 12)
#define KPF_SWAPCACHE	(1UL << 13)
#define KPF_SWAPBACKED	(1UL << 14)
#define KPF_TAIL	(1UL << 16)
#define KPF_KSM		(1UL << 21)
#define KPF_THP		(1UL << 22)
#define KPF_ZERO_PAGE	(1UL << 24)
#define KPF_MLOCKED	(1UL << 33)
#define KPF_OWNER_2	(1UL << 34)	/* PageAnonExclusive of an anonymous page */
struct span {
	u64 start, end;
};
void open_page_files(void);
void forget_page_files(void);
u64 page_flags(u64 pfn);
u64 page_mapcount(u64 pfn);
void read_pagemap(int pid, u64 va, long pages, u64 *entries);
int is_swap_entry(u64 entry);
long read_spans(int pid, struct span **spans);
long status_number(int pid, const char *key);

/* numbers.c: the names #N and sN of frames and slots */
void await_writeback(void);
void number_pages(int frames_move);
void forget_frames_of_range(int p, u64 va, long pages);
long frame_number(u64 pfn);
long slot_number(u64 slot);

/* observe.c, vmas.c */
extern long base_vmpte;
void set_base(void);
void observe(const struct range *only);
void list_vmas(int with_sums);

#endif
