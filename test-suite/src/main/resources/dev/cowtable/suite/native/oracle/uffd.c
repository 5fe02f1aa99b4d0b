/* userfaultfd with FEATURE_SIGBUS: a blocked access is a SIGBUS, nobody serves faults, and forks send no event. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "oracle.h"

/* What older headers lack. */
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFD_FEATURE_MOVE (1 << 16)
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif

/* An ioctl of p's descriptor with its argument in the scratch page. */
static long control_uffd(int p, unsigned long request, const void *argument, size_t size)
{
	memcpy((void *)SCRATCH, argument, size);
	return CALL(p, SYS_ioctl, processes[p].uffd, request, SCRATCH);
}

/* Features are those that the first uffd of the process asks for. */
static long open_uffd(int p, int wp, int unpopulated)
{
	struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE
		| (wp ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0) | (unpopulated ? UFFD_FEATURE_WP_UNPOPULATED : 0)};
	long fd = CALL(p, SYS_userfaultfd, O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		cannot("line %d: userfaultfd: %s", line_number, errno_name(-fd));
	processes[p].uffd = fd;
	return control_uffd(p, UFFDIO_API, &api, sizeof(api));
}

static void register_range(int p)
{
	struct range range = range_words();
	int wp = has_flag("wp"), missing = has_flag("missing");
	struct uffdio_register argument = {.range = {range.va, range.pages * PAGE},
		.mode = (wp ? UFFDIO_REGISTER_MODE_WP : 0) | (missing ? UFFDIO_REGISTER_MODE_MISSING : 0)};

	if (processes[p].uffd >= 0 || open_uffd(p, wp, has_flag("unpopulated")) >= 0)
		control_uffd(p, UFFDIO_REGISTER, &argument, sizeof(argument));
	print_call(p, "ok");
}

static void protect(int p, u64 mode)
{
	struct range range = range_words();
	struct uffdio_writeprotect argument = {.range = {range.va, range.pages * PAGE}, .mode = mode};

	control_uffd(p, UFFDIO_WRITEPROTECT, &argument, sizeof(argument));
	print_call(p, "ok");
}

static void protect_range(int p)
{
	protect(p, UFFDIO_WRITEPROTECT_MODE_WP);
}

static void unprotect_range(int p)
{
	protect(p, 0);
}

static void copy_page(int p)
{
	struct uffdio_copy argument = {.dst = page_word(), .src = DATA_PAGE, .len = PAGE};

	memset((void *)DATA_PAGE, byte_word(), PAGE);
	control_uffd(p, UFFDIO_COPY, &argument, sizeof(argument));
	print_call(p, "ok");
}

/* ok with a number of pages, from the field of the argument that the kernel filled with bytes. */
static void print_pages(int p, const __s64 *bytes)
{
	if (CONTROL->result < 0)
		print_call(p, "");
	else
		print_own(p, "ok n=%ld", (long)(*bytes / (long)PAGE));
}

static void zero_range(int p)
{
	struct range range = range_words();
	struct uffdio_zeropage argument = {.range = {range.va, range.pages * PAGE}};

	control_uffd(p, UFFDIO_ZEROPAGE, &argument, sizeof(argument));
	print_pages(p, &((struct uffdio_zeropage *)SCRATCH)->zeropage);
}

static void move_range(int p)
{
	struct range range = range_words();
	struct uffdio_move argument = {.src = range.va, .len = range.pages * PAGE};

	if (!accept("->"))
		bad_input("expected ->");
	argument.dst = page_in(word("target"), range.pages);
	control_uffd(p, UFFDIO_MOVE, &argument, sizeof(argument));
	print_pages(p, &((struct uffdio_move *)SCRATCH)->move);
}

const struct operation uffd_ops[] = {
	{"uffd", register_range}, {"uffdwp", protect_range}, {"uffdunwp", unprotect_range}, {"uffdcopy", copy_page},
	{"uffdzero", zero_range}, {"uffdmove", move_range}, {0}};
