/*
 * The region that the controller and every litmus process share, at one address in all of them: commands and answers,
 * arguments of system calls, and the processes' stacks.
 *
 * It lies in the 2 MiB of the program itself and is shared memory, so that it costs a process no table of its own, and
 * no private page is written outside the scenario's areas.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdint.h>

#define REGION		0x500000UL
#define REGION_BYTES	0x100000UL
#define CONTROL		((struct control *)REGION)
#define SCRATCH		(REGION + 0x2000)	/* a page for arguments of system calls */
#define DATA_PAGE	(REGION + 0x3000)	/* a page of data */
#define VALUES		((volatile uint8_t *)(REGION + 0x4000))
#define MAX_VALUES	0x3c000L
#define STACKS		(REGION + 0x40000)
#define STACK_BYTES	0x4000UL
#define STACK_TOP(n)	((void *)(STACKS + ((n) + 1) * STACK_BYTES))
#define MAX_PROCESSES	48

enum command { DO_CALL = 1, DO_LOAD, DO_STORE, DO_CLONE, DO_EXIT, DO_CRASH };

/* One command is under way at a time. */
struct control {
	volatile uint32_t wake[MAX_PROCESSES];	/* changed to start the command in process n */
	volatile uint32_t answers;		/* counts answers */
	volatile int command;
	volatile long nr, args[6];		/* DO_CALL; the others: address, pages, index of the first page */
	volatile long value;			/* DO_STORE: byte to store, or -1 for the page's index */
	volatile int child;			/* DO_CLONE: number of the new process */
	volatile long result;			/* of the system call, an error is negative */
	volatile int signal, code;		/* caught in the command, or 0 */
	volatile long at;			/* pages done before the signal */
	volatile long minor, major;		/* faults of the command */
};

/* Runs process 0; the region is mapped. */
void process_main(void) __attribute__((noreturn));

#endif
