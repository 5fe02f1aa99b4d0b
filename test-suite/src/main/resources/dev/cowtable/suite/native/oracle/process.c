/*
 * A litmus process: waits for a command in the shared region, carries it out, and answers there with the faults taken.
 *
 * Models the user's side of a process. It writes no private memory of its own and takes no fault of its own, so that
 * counts, tables and LRU batches hold the scenario's doing only: raw system calls, stacks in shared memory, loads and
 * stores in assembly, which a signal handler skips when they fault.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "control.h"

#define PAGE 4096

/*
 * load and store return the byte and 0; the handler makes them return -1.
 * clone_process: the child starts in process_start on the given stack.
 */
asm(".text\n"
    ".globl load\nload:\n movzbl (%rdi), %eax\n ret\n"
    ".globl store\nstore:\n movb %sil, (%rdi)\n xorl %eax, %eax\n ret\n"
    ".globl skipped\nskipped:\n movl $-1, %eax\n ret\n"
    ".globl clone_process\nclone_process:\n movl $56, %eax\n xorl %edx, %edx\n xorl %r10d, %r10d\n xorl %r8d, %r8d\n"
    " syscall\n testq %rax, %rax\n jz 1f\n ret\n1: xorl %ebp, %ebp\n andq $-16, %rsp\n call process_start\n hlt\n"
    ".globl start_on\nstart_on:\n movq %rdi, %rsp\n xorl %ebp, %ebp\n andq $-16, %rsp\n call process_start\n hlt\n");
int load(volatile void *p);
int store(volatile void *p, int value);
long clone_process(unsigned long flags, void *stack);
void start_on(void *stack) __attribute__((noreturn));
extern char skipped[], __executable_start[], _end[];

static inline long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long result;

	asm volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	CONTROL->signal = signal;
	CONTROL->code = info->si_code;
	if (*rip >= (greg_t)load && *rip < (greg_t)skipped)
		*rip = (greg_t)skipped;
	else
		raw(SYS_exit_group, 99, 0, 0, 0, 0, 0);
}

static void faults(long *minor, long *major)
{
	struct rusage usage;

	raw(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0, 0, 0, 0);
	*minor = usage.ru_minflt;
	*major = usage.ru_majflt;
}

static void answer(int count)
{
	__atomic_add_fetch(&CONTROL->answers, count, __ATOMIC_SEQ_CST);
	raw(SYS_futex, (long)&CONTROL->answers, FUTEX_WAKE, 1, 0, 0, 0);
}

/* Takes all faults of the program, the region and the stack now. */
static void touch_own_memory(int self)
{
	uintptr_t stack = STACKS + self * STACK_BYTES;
	uintptr_t in_use = (uintptr_t)__builtin_frame_address(0) & -PAGE;

	for (uintptr_t p = (uintptr_t)__executable_start; p < (uintptr_t)_end; p += PAGE)
		load((void *)p);
	for (uintptr_t p = REGION; p < STACKS; p += PAGE)
		store((void *)p, load((void *)p));
	for (uintptr_t p = stack; p < stack + STACK_BYTES && p < in_use; p += PAGE)
		store((void *)p, 0);
}

static void load_pages(struct control *c)
{
	uint8_t *page = (uint8_t *)c->args[0];

	for (long i = 0; i < c->args[1]; i++, page += PAGE) {
		int value = load(page);

		if (value < 0) {
			c->at = i;
			return;
		}
		if (i < MAX_VALUES)
			VALUES[i] = value;
	}
}

static void store_pages(struct control *c)
{
	uint8_t *page = (uint8_t *)c->args[0];

	for (long i = 0; i < c->args[1]; i++, page += PAGE) {
		if (store(page, c->value < 0 ? (int)((c->args[2] + i) & 255) : (int)c->value) < 0) {
			c->at = i;
			return;
		}
	}
}

/* A SIGSEGV that kills. */
static void crash(void)
{
	struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } fatal = {0};

	raw(SYS_rt_sigaction, SIGSEGV, (long)&fatal, 0, 8, 0, 0);
	asm volatile("movb $0, 0");
}

static void carry_out(struct control *c)
{
	volatile long *a = c->args;

	switch (c->command) {
	case DO_CALL:
		c->result = raw(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		break;
	case DO_LOAD:
		load_pages(c);
		break;
	case DO_STORE:
		store_pages(c);
		break;
	case DO_CLONE:
		c->result = clone_process(CLONE_PARENT | SIGCHLD, STACK_TOP(c->child));
		break;
	case DO_EXIT:
		raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
		break;
	case DO_CRASH:
		crash();
		break;
	}
}

static void measure(struct control *c)
{
	long minor, major, minor_after, major_after;

	c->signal = 0;
	c->at = 0;
	c->result = 0;
	faults(&minor, &major);
	carry_out(c);
	faults(&minor_after, &major_after);
	c->minor = minor_after - minor;
	c->major = major_after - major;
}

/* Every process's life. A fork has two answers: the parent's, and the child's when it is ready. */
__attribute__((noreturn, used)) void process_start(void)
{
	struct control *c = CONTROL;
	int self = c->child;
	uint32_t seen = c->wake[self];

	raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	touch_own_memory(self);
	answer(1);
	for (;;) {
		while (c->wake[self] == seen)
			raw(SYS_futex, (long)&c->wake[self], FUTEX_WAIT, seen, 0, 0, 0);
		seen = c->wake[self];
		measure(c);
		answer(c->command == DO_CLONE && c->result < 0 ? 2 : 1);
	}
}

void process_main(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGBUS, &action, 0);
	CONTROL->child = 0;
	start_on(STACK_TOP(0));
}
