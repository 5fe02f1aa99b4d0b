/* Shared by the files of real_memory. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <sys/types.h>

#define PAGE 4096UL
#define MAX_ROUNDS 100

/* What belongs to the whole machine and must be undone; seen by the ward. */
struct ward {
	char swap_file[256];
	char cgroup[256];
	int zram; /* number of the device plus 1, 0 for none */
};

extern struct ward *ward;

/* clock.c */
void die(const char *what) __attribute__((noreturn));
double now_ns(void);
void print_stats(const char *name, double *samples, int n);
char *map_pages(size_t nr_pages);
double write_all(char *memory, size_t nr_pages);
double read_all(char *memory, size_t nr_pages);

/* ward.c */
void start_ward(void);
void end_ward(void);
pid_t fork_child(void);
int read_text(const char *path, char *text, int size);
int write_text(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
int lock_swap(void);
const char *swap_on(int on_zram, size_t bytes);
const char *swap_off(void);

/* cgroup.c */
const char *join_cgroup(void);
void reclaim(size_t bytes);

/* swap.c */
void measure_swap(const char *folder, size_t nr_pages, int rounds);

#endif
