/* The line of an operation: N| op => result [min=F maj=F]. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "oracle.h"

int op_number;

static void print_head(void)
{
	printf("%d| %s => ", op_number, line_text());
}

/* Without counts. */
void print_result(const char *result)
{
	print_head();
	printf("%s\n", result);
}

/* Prints that p has not survived the operation; whether it was so. */
int print_death(int p)
{
	if (processes[p].state == ALIVE)
		return 0;
	print_head();
	printf("!! P%d DIED signal %d\n", p, CONTROL->signal);
	return 1;
}

/* What p did itself in its last command: with its faults. */
void print_own(int p, const char *format, ...)
{
	va_list list;

	if (print_death(p))
		return;
	print_head();
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf(" min=%ld maj=%ld\n", CONTROL->minor, CONTROL->major);
}

/* The last system call of p: its error, or the format, which may take the result. */
void print_call(int p, const char *format)
{
	char text[64];

	snprintf(text, sizeof(text), format, CONTROL->result);
	print_own(p, "%s", CONTROL->result < 0 ? errno_name(-CONTROL->result) : text);
}

static const char *signal_name(void)
{
	static char other[32];
	int code = CONTROL->code;

	if (CONTROL->signal == SIGSEGV && code == SEGV_MAPERR)
		return "SIGSEGV/MAPERR";
	if (CONTROL->signal == SIGSEGV && code == SEGV_ACCERR)
		return "SIGSEGV/ACCERR";
	if (CONTROL->signal == SIGBUS && code == BUS_ADRERR)
		return "SIGBUS/ADRERR";
	snprintf(other, sizeof(other), "SIG%d/%d", CONTROL->signal, code);
	return other;
}

/* A load or store of p: ok, or the signal, for a range with the page. */
void print_access(int p, int of_range)
{
	if (processes[p].state != ALIVE || !CONTROL->signal)
		print_own(p, "ok");
	else if (of_range)
		print_own(p, "%s at=+%ld", signal_name(), CONTROL->at);
	else
		print_own(p, "%s", signal_name());
}

const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "E?";
}
