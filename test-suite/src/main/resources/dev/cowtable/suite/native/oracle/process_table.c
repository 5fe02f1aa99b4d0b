/*
 * Litmus processes as the controller sees them, and how they are told what to do.
 *
 * All are children of the controller (CLONE_PARENT), so that it learns of every end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "oracle.h"

#define RING_END_US 250000

struct process *processes;
int last_process;

/* Waits for the answer of p, or its end: then the process is dead and control's signal says of what. */
static void await(uint32_t answers, int p)
{
	struct timespec interval = {0, 2000000};
	uint32_t seen;
	int status;

	while ((seen = CONTROL->answers) != answers) {
		syscall(SYS_futex, &CONTROL->answers, FUTEX_WAIT, seen, &interval, 0, 0);
		if (CONTROL->answers == answers)
			return;
		if (waitpid(processes[p].pid, &status, WNOHANG) == processes[p].pid) {
			processes[p].state = DEAD;
			CONTROL->result = -1;
			CONTROL->signal = WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
			return;
		}
	}
}

void command(int p, enum command what, int answers)
{
	uint32_t expected = CONTROL->answers + answers;

	CONTROL->command = what;
	__sync_synchronize();
	CONTROL->wake[p]++;
	syscall(SYS_futex, &CONTROL->wake[p], FUTEX_WAKE, 1, 0, 0, 0);
	await(expected, p);
}

/* Has p do a system call; its result, negative for an error. Meaningless if p has ended in it. */
long call_process(int p, long nr, const long args[6])
{
	CONTROL->nr = nr;
	for (int i = 0; i < 6; i++)
		CONTROL->args[i] = args[i];
	command(p, DO_CALL, 1);
	return CONTROL->result;
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Why: restartable sequences would write to private memory at every switch. */
static void become_first_process(int region_fd)
{
	char fd[16];
	char *argv[] = {"litmus", "process", fd, NULL}, *environment[] = {"GLIBC_TUNABLES=glibc.pthread.rseq=0", NULL};

	snprintf(fd, sizeof(fd), "%d", region_fd);
	run_on(0);
	execve("/proc/self/exe", argv, environment);
	_exit(98);
}

/* P0, on CPU 0; the controller stays off it if there is another. */
void start_first_process(int region_fd)
{
	processes = zeroed(MAX_PROCESSES, sizeof(*processes));
	for (int p = 0; p < MAX_PROCESSES; p++)
		processes[p].ring = processes[p].uffd = -1;
	run_on(1);
	processes[0].pid = fork();
	if (!processes[0].pid)
		become_first_process(region_fd);
	processes[0].state = ALIVE;
	await(1, 0);
	if (processes[0].state != ALIVE)
		cannot("process 0 does not start (%d)", CONTROL->signal);
}

/* After p has ended. Its ring, and with it the pins, goes in a work item that tells nobody. */
void forget_process(int p)
{
	struct process *process = &processes[p];

	for (int a = 0; a < MAX_AREAS; a++) {
		free(process->entries[a]);
		process->entries[a] = NULL;
		process->nr_entries[a] = 0;
	}
	if (process->nr_pins)
		usleep(RING_END_US);
	process->nr_pins = 0;
}

static void fork_process(int p)
{
	int child = process_word();
	struct process *made = &processes[child];

	if (made->state != UNBORN)
		bad_input("process P%d exists already", child);
	CONTROL->child = child;
	command(p, DO_CLONE, 2);
	if (print_death(p))
		return;
	if (CONTROL->result < 0) {
		print_result(errno_name(-CONTROL->result));
		return;
	}
	made->pid = CONTROL->result;
	made->state = ALIVE;
	if (child > last_process)
		last_process = child;
	if (processes[p].ring >= 0)
		CALL(child, SYS_close, processes[p].ring);
	if (processes[p].uffd >= 0)
		CALL(child, SYS_close, processes[p].uffd);
	print_result("ok");
}

static void exit_process(int p)
{
	command(p, DO_EXIT, 1);
	print_result("ok");
}

static void kill_process(int p)
{
	kill(processes[p].pid, SIGKILL);
	waitpid(processes[p].pid, NULL, 0);
	processes[p].state = DEAD;
	print_result("ok");
}

static void crash_process(int p)
{
	command(p, DO_CRASH, 1);
	if (!print_death(p))
		print_result("no crash");
}

static void move_process(int p)
{
	cpu_set_t *set = (cpu_set_t *)SCRATCH;
	const char *cpu = word("CPU");

	CPU_ZERO(set);
	for (int c = 0; c < CPU_SETSIZE; c++)
		if (cpu[0] == '-' || c == number_in(cpu))
			CPU_SET(c, set);
	CALL(p, SYS_sched_setaffinity, 0, sizeof(*set), SCRATCH);
	print_call(p, "ok");
}

const struct operation life_ops[] = {
	{"fork", fork_process}, {"exit", exit_process}, {"kill", kill_process}, {"crash", crash_process},
	{"cpu", move_process}, {0}};
